/** Sentences of HTML, with marks for the tags inside of them. */
import { decodeReferences, encodeText, type HtmlPiece } from "./html-text.js";

/** What stands for markup in a text: to all who look for placeholders a tag. */
const MARK = /(<\/?x\d+>)/;

/** A text between tags, or a tag or element that stands inside of sentences. */
export interface InlineToken {
  readonly source: string;
  readonly isText: boolean;
  /** Of a tag: `b` or `/b`. */
  readonly tag?: string;
}

/** A piece that is told from a text: source that stays as it is, or what gets a mark. */
type Part = HtmlPiece | { readonly source: string; readonly tag?: string };

/**
 * What tokens that follow each other say: one text, with marks for the markup in it, where more than one stands between
 * tags. `markup` is told what each mark stands for.
 */
export function blockPieces(tokens: readonly InlineToken[], markup: Map<string, string>): HtmlPiece[] {
  const parts = tokens.flatMap(({ isText, ...token }): Part[] =>
    isText ? decodeReferences(token.source) : [token],
  );
  const texts = parts.flatMap((part) => (isText(part) ? [part.text] : []));
  if (texts.length < 2 || texts.some((text) => MARK.test(text))) return parts.map(unmarked);
  const begin = parts.findIndex((part) => !isSpace(part));
  const end = parts.findLastIndex((part) => !isSpace(part)) + 1;
  const open = new Map<string, string[]>();
  const written = parts.slice(begin, end).map((part) => {
    if (isText(part)) return part.text;
    if (isSpace(part)) return " ";
    const { source, tag = "" } = typeof part === "string" ? { source: part } : part;
    const opened = tag.startsWith("/") ? open.get(tag.slice(1))?.pop() : undefined;
    const name = opened === undefined ? `x${markup.size}` : `/${opened}`;
    if (open.has(tag)) open.get(tag)!.push(name);
    else open.set(tag, [name]);
    markup.set(`<${name}>`, source);
    return `<${name}>`;
  });
  const space = (from: number, to?: number) => parts.slice(from, to).map(unmarked);
  return [...space(0, begin), { text: written.join("") }, ...space(end)];
}

/** A text as source, with the markup that its marks stand for. */
export function encodeBlock(text: string, markup: ReadonlyMap<string, string>): string {
  const parts = partsAtMarks(text);
  return parts.map((part) => markup.get(part) ?? encodeText(part)).join("");
}

/** A text cut at its marks: every second part is one. */
export function partsAtMarks(text: string): string[] {
  return text.split(MARK);
}

const isText = (part: Part) => typeof part === "object" && "text" in part;

const isSpace = (part: Part) => typeof part === "string" && /^[ \t\n\f\r]*$/.test(part);

const unmarked = (part: Part): HtmlPiece =>
  typeof part === "object" && "source" in part ? part.source : part;
