import { trim, words } from "../whitespace.js";

/**
 * sacreBLEU's ways to cut a segment: `13a` is mteval-v13a's, for languages with spaces; `zh` parts Chinese characters;
 * `intl` is mteval-v14's, by Unicode's punctuation; `char` takes code points; `none` takes what spaces part.
 */
export type BleuTokenizer = "13a" | "zh" | "intl" | "char" | "none";

/** Tokens of a segment whose end is stripped, exactly as sacreBLEU 2.6.0 cuts it. */
export const bleuTokens: Readonly<Record<BleuTokenizer, (text: string) => string[]>> = {
  "13a": (text) => westernTokens(` ${unescaped(text)} `),
  zh: (text) => westernTokens(trim(text).replace(CHINESE, " $& ")),
  intl: (text) =>
    words(
      text
        .replace(/(\P{N})(\p{P})/gu, "$1 $2 ")
        .replace(/(\p{P})(\P{N})/gu, " $1 $2")
        .replace(/\p{S}/gu, " $& "),
    ),
  char: (text) => [...text].flatMap(words),
  none: words,
};

/**
 * sacreBLEU writes two ranges beyond U+FFFF with four digits ("\u20000"), so U+2001 to U+2A6D and U+2F81 to U+2FA1
 * count as Chinese, and the characters that were meant do not.
 */
const CHINESE =
  /[\u2001-\u2a6d\u2e80-\u2fdf\u2ff0-\u303f\u3100-\u312f\u31a0-\u31ef\u3200-\u4db5\u4e00-\u9fbb\uf900-\ufa2d\ufa30-\ufa6a\ufa70-\ufad9\ufe10-\ufe1f\ufe30-\ufe4f\uff00-\uffef]/g;

function unescaped(text: string): string {
  return text
    .replaceAll("<skipped>", "")
    .replaceAll("-\n", "")
    .replaceAll("\n", " ")
    .replaceAll("&quot;", '"')
    .replaceAll("&amp;", "&")
    .replaceAll("&lt;", "<")
    .replaceAll("&gt;", ">");
}

function westernTokens(text: string): string[] {
  return words(
    text
      .replace(/[{-~[-` -&(-+:-@/]/g, " $& ")
      .replace(/([^0-9])([.,])/g, "$1 $2 ")
      .replace(/([.,])([^0-9])/g, " $1 $2")
      .replace(/([0-9])(-)/g, "$1 $2 "),
  );
}
