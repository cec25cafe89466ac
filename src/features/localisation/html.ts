/** HTML taken apart: what stands between its tags can be translated, everything else stays as it is. */
import { decodeReferences, encodeText } from "./html-text.js";

/** The texts of a document or a part of one, and how it looks with others in their places. */
export interface DividedHtml {
  /** In the order of the document, without references such as `&amp;` and without the space around them. */
  readonly texts: readonly string[];
  /** The document with these texts, as many as there are. */
  join(texts: readonly string[]): string;
}

/**
 * Takes HTML apart as browsers do (HTML's section 13.2.5, tokenization), whole documents and torn fragments alike:
 * what it cannot read stays as it is. Scripts, styles and code are no texts, nor is what says `translate="no"` or
 * `class="notranslate"`. Attributes are kept.
 */
export function splitHtml(html: string): DividedHtml {
  const pieces = translated(tokens(html)).flatMap((token) =>
    token.isText ? decodeReferences(token.source) : [token.source],
  );
  return {
    texts: pieces.flatMap((piece) => (typeof piece === "string" ? [] : [piece.text])),
    join(texts) {
      let next = 0;
      return pieces.map((piece) => (typeof piece === "string" ? piece : encodeText(texts[next++]))).join("");
    },
  };
}

interface Token {
  readonly source: string;
  readonly isText: boolean;
  /** Of a tag: `div` or `/div`. */
  readonly tag?: string;
}

/** Their contents are no markup, up to their own end tag. */
const raw = /^(?:script|style|textarea|xmp|iframe|noembed|noframes)$/;
/** What they hold is in no language. */
const untranslated = /^(?:code|kbd|pre|samp|var)$/;
const isMarkedUntranslated =
  /\stranslate\s*=\s*["']?no\b|\sclass\s*=\s*(?:notranslate\b|"(?:[^"]*\s)?notranslate[\s"]|'(?:[^']*\s)?notranslate[\s'])/i;
const empty = /^(?:area|base|br|col|embed|hr|img|input|link|meta|source|track|wbr)$/;

/** With all that is in untranslated elements as markup. */
function translated(tokens: Iterable<Token>): Token[] {
  let kept: { readonly name: string; depth: number } | undefined;
  return [...tokens].map((token) => {
    const { source, tag = "" } = token;
    if (!kept && !empty.test(tag) && (untranslated.test(tag) || (tag && isMarkedUntranslated.test(source)))) {
      kept = { name: tag, depth: 0 };
    }
    if (!kept) return token;
    if (tag === kept.name) kept.depth++;
    if (tag === `/${kept.name}` && --kept.depth === 0) kept = undefined;
    return { source, isText: false };
  });
}

function* tokens(html: string): Generator<Token> {
  for (let at = 0; at < html.length; ) {
    const begin = indexOf(html, /<(?:[!?]|\/?[a-z]|\/[^a-z])/gi, at);
    if (begin > at) yield { source: html.slice(at, begin), isText: true };
    const end = markupEnd(html, begin);
    const tag = /^<(\/?[a-z][^\s/>]*)/i.exec(html.slice(begin, end))?.[1].toLowerCase();
    if (end > begin) yield { source: html.slice(begin, end), isText: false, tag };
    at =
      tag !== undefined && raw.test(tag) ? indexOf(html, new RegExp(`</${tag}(?=[\\s/>])`, "gi"), end) : end;
    if (at > end) yield { source: html.slice(end, at), isText: false };
  }
}

/** Where a match begins; the length of the text where there is none. */
function indexOf(text: string, pattern: RegExp, from: number): number {
  pattern.lastIndex = from;
  return pattern.exec(text)?.index ?? text.length;
}

/** Behind the comment, declaration or tag that begins there; the length of the text where it has no end. */
function markupEnd(html: string, begin: number): number {
  const after = (found: number, length: number) => (found < 0 ? html.length : found + length);
  if (html.startsWith("<!--", begin)) {
    const short = /^<!--(?:-?>)/.exec(html.slice(begin, begin + 6));
    return short ? begin + short[0].length : after(html.indexOf("-->", begin + 4), 3);
  }
  if (/[!?]|\/[^a-z]/iy.test(html.slice(begin + 1, begin + 3))) return after(html.indexOf(">", begin), 1);
  // The ">" of an attribute's value ends no tag.
  const values = /[^>=]*=\s*(?:"[^"]*"|'[^']*'|[^\s>]*)/y;
  values.lastIndex = begin;
  let from = begin;
  while (values.test(html)) from = values.lastIndex;
  return after(html.indexOf(">", from), 1);
}
