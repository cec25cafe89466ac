import { isUtf8 } from "node:buffer";
import { DataError } from "./errors.js";

/** About this many bytes make one piece of a long text. */
export const PIECE_BYTES = 2 ** 20;

/**
 * Decodes UTF-8 bytes into pieces of about `pieceBytes`, cut after a newline where the second half of a
 * piece has one and never inside a code point. A byte order mark at the start is dropped.
 * @throws DataError naming `path` and the byte offset of the first bad byte.
 */
export async function* decodedPieces(
  path: string,
  chunks: AsyncIterable<Buffer>,
  pieceBytes = PIECE_BYTES,
): AsyncGenerator<string> {
  let pending: Buffer = Buffer.alloc(0);
  let offset = 0;
  for await (const chunk of chunks) {
    pending = pending.length === 0 ? chunk : Buffer.concat([pending, chunk]);
    let taken = 0;
    while (pending.length - taken > pieceBytes) {
      const cut = cutPoint(pending.subarray(taken), pieceBytes);
      yield decode(path, pending.subarray(taken, taken + cut), offset);
      taken += cut;
      offset += cut;
    }
    pending = pending.subarray(taken);
  }
  const last = decode(path, pending, offset);
  if (last !== "") yield last;
}

function cutPoint(bytes: Buffer, limit: number): number {
  const afterNewline = bytes.lastIndexOf(0x0a, limit - 1) + 1;
  if (afterNewline * 2 >= limit) return afterNewline;
  let cut = limit;
  while (cut > limit - 3 && isContinuation(bytes[cut])) cut--;
  return cut;
}

function decode(path: string, bytes: Buffer, offset: number): string {
  if (!isUtf8(bytes)) {
    const bad = firstInvalidByte(bytes);
    throw new DataError(
      "the file is not UTF-8 text",
      `${path}: byte 0x${bytes[bad].toString(16).padStart(2, "0")} at byte offset ${offset + bad}`,
      "convert the file to UTF-8 (iconv -f ORIGINAL -t UTF-8), or leave it out if it is no text",
    );
  }
  const text = bytes.toString("utf8");
  return offset === 0 && text.startsWith("\ufeff") ? text.slice(1) : text;
}

function isContinuation(byte: number | undefined): boolean {
  return byte !== undefined && (byte & 0xc0) === 0x80;
}

/** Where the first ill-formed or unfinished sequence starts (Unicode, table 3-7), or -1. */
export function firstInvalidByte(bytes: Uint8Array): number {
  for (let i = 0; i < bytes.length; ) {
    const length = sequenceLength(bytes, i);
    if (length === 0) return i;
    i += length;
  }
  return -1;
}

function sequenceLength(bytes: Uint8Array, at: number): number {
  const lead = bytes[at];
  if (lead < 0x80) return 1;
  const length = lead < 0xc2 ? 0 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : lead < 0xf5 ? 4 : 0;
  for (let i = 1; i < length; i++) if (!isContinuation(bytes[at + i])) return 0;
  const second = bytes[at + 1];
  const isOverlong = (lead === 0xe0 && second < 0xa0) || (lead === 0xf0 && second < 0x90);
  const isSurrogate = lead === 0xed && second > 0x9f;
  const isTooHigh = lead === 0xf4 && second > 0x8f;
  return isOverlong || isSurrogate || isTooHigh ? 0 : length;
}
