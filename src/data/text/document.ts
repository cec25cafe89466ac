import { createHash } from "node:crypto";
import type { Words } from "../../core/random.js";

/** One document of a corpus: a text file, or a row of a table. Its pieces can be read again and again. */
export interface SourceDocument {
  /** Where it comes from, for messages: the file, or `file:row` with rows counted from 1. */
  readonly source: string;
  /** Set where it is a whole file. */
  readonly isFile?: boolean;
  /** The text in order, none empty and none ending inside a character. */
  pieces(): Iterable<string> | AsyncIterable<string>;
}

/** A part of a document in a stream of documents; `isStart` and `isEnd` mark the first and the last part of each. */
export interface Piece {
  readonly text: string;
  readonly source: string;
  readonly isStart: boolean;
  readonly isEnd: boolean;
}

/** What identifies a text: 64 bits of the SHA-256 of its UTF-8 bytes, and its lengths. */
export interface Digest {
  readonly hash: Words;
  readonly bytes: number;
  readonly codeUnits: number;
}

/** Reads the document once, whatever its size, and sums it up. */
export async function digestOf(document: SourceDocument): Promise<Digest> {
  const sha = createHash("sha256");
  let bytes = 0;
  let codeUnits = 0;
  for await (const text of document.pieces()) {
    sha.update(text, "utf8");
    bytes += Buffer.byteLength(text);
    codeUnits += text.length;
  }
  const sum = sha.digest();
  return { hash: [sum.readUInt32LE(0), sum.readUInt32LE(4)], bytes, codeUnits };
}

/** The document as stream pieces. */
export async function* markedPieces(
  source: string,
  texts: Iterable<string> | AsyncIterable<string>,
): AsyncGenerator<Piece> {
  let previous: Piece | undefined;
  for await (const text of texts) {
    if (previous !== undefined) yield previous;
    previous = { text, source, isStart: previous === undefined, isEnd: false };
  }
  if (previous !== undefined) yield { ...previous, isEnd: true };
}

/** The code units [start, end) of a text in pieces; a border inside a surrogate pair moves before the pair. */
export async function* slicedTexts(
  texts: Iterable<string> | AsyncIterable<string>,
  start: number,
  end: number,
): AsyncGenerator<string> {
  let offset = 0;
  for await (const text of texts) {
    if (offset >= end) return;
    const part = text.slice(border(text, start - offset), border(text, end - offset));
    if (part !== "") yield part;
    offset += text.length;
  }
}

function border(text: string, index: number): number {
  const inside = Math.min(Math.max(index, 0), text.length);
  const splitsPair = /^[\ud800-\udbff][\udc00-\udfff]/.test(text.slice(Math.max(inside - 1, 0), inside + 1));
  return splitsPair ? inside - 1 : inside;
}
