import { placeholderSpans } from "./placeholders.js";

/** A text without the mark before the letter of its keyboard shortcut. */
export interface WithoutAccelerator {
  readonly text: string;
  /** The mark with its letter; undefined where there is none. */
  readonly accelerator?: { readonly mark: string; readonly letter: string };
}

/** LibreOffice's "~", VS Code's "&&"; at the beginning of a word also GTK's "_" and Windows' "&". */
const MARKED = /(?:~|&&|(?<![\p{L}\p{N}_&"'`“”‘’])[_&])(?=\p{L})/gu;

const CJK = String.raw`[\p{Script=Han}\p{Script=Hira}\p{Script=Kana}\p{Script=Hang}]`;
const HAS_CJK = new RegExp(CJK, "u");

/** Behind Chinese, Japanese and Korean: "(~F)", without the mark. */
const APPENDED = new RegExp(String.raw`(?<=${CJK})\((\p{L})\)`, "u");

/** Takes the mark away, if exactly one is there: "_two_ of them" is no shortcut. Of "文件(~F)" the bracket goes as well. */
export function withoutAccelerator(text: string): WithoutAccelerator {
  const spans = placeholderSpans(text);
  const isOutside = (at: number) => spans.every(({ begin, end }) => at < begin || at >= end);
  const found = [...text.matchAll(MARKED)].filter(({ index }) => isOutside(index));
  const [{ 0: mark, index } = { 0: "", index: 0 }, ...others] = found;
  const rest = text.slice(index + mark.length);
  if (mark === "" || others.length > 0 || rest.includes(mark) || text.slice(0, index).includes(mark)) {
    return { text };
  }
  const unmarked = text.slice(0, index) + rest;
  const isAppended = APPENDED.exec(unmarked)?.index === index - 1;
  return {
    text: isAppended ? unmarked.replace(APPENDED, "") : unmarked,
    accelerator: { mark, letter: String.fromCodePoint(rest.codePointAt(0)!) },
  };
}

/**
 * Puts the mark before the same letter of a translation, at the beginning of a word if it can, or else before its first
 * letter. Chinese, Japanese and Korean texts get "(~F)" behind, as is their custom.
 */
export function withAccelerator(
  translation: string,
  { mark, letter }: { mark: string; letter: string },
): string {
  const spans = placeholderSpans(translation);
  const letters = [...translation.matchAll(/\p{L}/gu)].filter(({ index }) =>
    spans.every(({ begin, end }) => index < begin || index >= end),
  );
  const isSame = ({ 0: other }: RegExpMatchArray) => other.toLowerCase() === letter.toLowerCase();
  const isFirst = ({ index = 0 }: RegExpMatchArray) => !/[\p{L}\p{N}]$/u.test(translation.slice(0, index));
  const same = letters.filter(isSame);
  if (same.length === 0 && letters.some(({ 0: other }) => HAS_CJK.test(other))) {
    return translation.replace(
      /\s*(?:\.{3}|…|[:：])?\s*$/u,
      (end) => `(${mark}${letter.toUpperCase()})${end}`,
    );
  }
  const at = (same.find(isFirst) ?? same[0] ?? letters[0])?.index;
  return at === undefined ? translation : translation.slice(0, at) + mark + translation.slice(at);
}
