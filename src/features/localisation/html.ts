/** HTML taken apart: what stands between its tags can be translated, everything else stays as it is. */
import { blockPieces, encodeBlock, type InlineToken } from "./html-blocks.js";

/** The texts of a document or a part of one, and how it looks with others in their places. */
export interface DividedHtml {
  /**
   * In the order of the document, without references such as `&amp;` and without the space around them. Tags inside of
   * sentences are marks: `Two <x0>big</x0> dogs`.
   */
  readonly texts: readonly string[];
  /** What each mark stands for. */
  readonly markup: ReadonlyMap<string, string>;
  /** The document with these texts, as many as there are. */
  join(texts: readonly string[]): string;
}

/**
 * Takes HTML apart as browsers do (HTML's section 13.2.5, tokenization), whole documents and torn fragments alike:
 * what it cannot read stays as it is. Scripts, styles and code are no texts, nor is what says `translate="no"` or
 * `class="notranslate"`. Attributes are kept. Tags such as `b` and `a` do not end a text, nor does code in it.
 */
export function splitHtml(html: string): DividedHtml {
  const markup = new Map<string, string>();
  const pieces = blocks(translated(tokens(html))).flatMap((block) =>
    typeof block === "string" ? [block] : blockPieces(block, markup),
  );
  return {
    markup,
    texts: pieces.flatMap((piece) => (typeof piece === "string" ? [] : [piece.text])),
    join(texts) {
      let next = 0;
      return pieces
        .map((piece) => (typeof piece === "string" ? piece : encodeBlock(texts[next++], markup)))
        .join("");
    },
  };
}

interface Token extends InlineToken {
  /** Stands inside of sentences. */
  readonly isInline: boolean;
}

/** Tokens inside of sentences that follow each other, and the others as source. */
function blocks(tokens: readonly Token[]): (string | Token[])[] {
  const found: (string | Token[])[] = [];
  for (const token of tokens) {
    const last = found.at(-1);
    if (!token.isInline) found.push(token.source);
    else if (Array.isArray(last)) last.push(token);
    else found.push([token]);
  }
  return found;
}

/** Their contents are no markup, up to their own end tag. */
const raw = /^(?:script|style|textarea|xmp|iframe|noembed|noframes)$/;
/** What they hold is in no language. */
const untranslated = /^(?:code|kbd|pre|samp|var)$/;
const isMarkedUntranslated =
  /\stranslate\s*=\s*["']?no\b|\sclass\s*=\s*(?:notranslate\b|"(?:[^"]*\s)?notranslate[\s"]|'(?:[^']*\s)?notranslate[\s'])/i;
/** Phrasing content (HTML's section 3.2.5.2.5) that takes part in a sentence. */
const inline =
  /^\/?(?:a|abbr|acronym|b|bdi|bdo|big|cite|code|data|del|dfn|em|font|i|img|ins|kbd|label|mark|q|s|samp|small|span|strike|strong|sub|sup|time|tt|u|var|wbr)$/;
const empty = /^(?:area|base|br|col|embed|hr|img|input|link|meta|source|track|wbr)$/;

/** With each untranslated element as one token of markup. */
function translated(tokens: Iterable<Token>): Token[] {
  const found: Token[] = [];
  let kept: { readonly name: string; depth: number; source: string } | undefined;
  for (const token of tokens) {
    const { source, tag = "" } = token;
    if (!kept && !empty.test(tag) && (untranslated.test(tag) || (tag && isMarkedUntranslated.test(source)))) {
      kept = { name: tag, depth: 0, source: "" };
    }
    if (!kept) {
      found.push(token);
      continue;
    }
    kept.source += source;
    if (tag === kept.name) kept.depth++;
    if (tag === `/${kept.name}` && --kept.depth === 0) {
      found.push({ source: kept.source, isText: false, isInline: inline.test(kept.name) });
      kept = undefined;
    }
  }
  return kept ? [...found, { source: kept.source, isText: false, isInline: false }] : found;
}

function* tokens(html: string): Generator<Token> {
  for (let at = 0; at < html.length; ) {
    const begin = indexOf(html, /<(?:[!?]|\/?[a-z]|\/[^a-z])/gi, at);
    if (begin > at) yield { source: html.slice(at, begin), isText: true, isInline: true };
    const end = markupEnd(html, begin);
    const tag = /^<(\/?[a-z][^\s/>]*)/i.exec(html.slice(begin, end))?.[1].toLowerCase();
    if (end > begin) {
      yield {
        source: html.slice(begin, end),
        isText: false,
        tag,
        isInline: tag !== undefined && inline.test(tag),
      };
    }
    at =
      tag !== undefined && raw.test(tag) ? indexOf(html, new RegExp(`</${tag}(?=[\\s/>])`, "gi"), end) : end;
    if (at > end) yield { source: html.slice(end, at), isText: false, isInline: false };
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
