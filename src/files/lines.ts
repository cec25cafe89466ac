import { isUtf8 } from "node:buffer";
import { firstInvalidByte } from "./utf8.js";

/** A line that is not UTF-8: its first bad byte, and where in the file that stands. */
export interface BadLine {
  readonly byte: number;
  readonly offset: number;
}

const NEWLINE = 0x0a;

/**
 * The lines of UTF-8 bytes without their newlines, as many at a time as a chunk completes. A byte order mark at the
 * start is dropped.
 */
export async function* lineGroups(chunks: AsyncIterable<Buffer>): AsyncGenerator<(string | BadLine)[]> {
  let unfinished: Buffer[] = [];
  let offset = 0;
  for await (const chunk of chunks) {
    const end = chunk.lastIndexOf(NEWLINE);
    if (end < 0) {
      unfinished.push(chunk);
      continue;
    }
    const bytes = Buffer.concat([...unfinished, chunk.subarray(0, end)]);
    yield linesOf(bytes, offset);
    offset += bytes.length + 1;
    unfinished = [chunk.subarray(end + 1)];
  }
  const last = Buffer.concat(unfinished);
  if (last.length > 0) yield linesOf(last, offset);
}

function linesOf(bytes: Buffer, offset: number): (string | BadLine)[] {
  if (isUtf8(bytes)) return withoutMark(bytes.toString("utf8"), offset).split("\n");
  const lines: (string | BadLine)[] = [];
  for (let start = 0; start <= bytes.length; ) {
    const newline = bytes.indexOf(NEWLINE, start);
    const line = bytes.subarray(start, newline < 0 ? bytes.length : newline);
    const bad = firstInvalidByte(line);
    if (bad < 0) lines.push(withoutMark(line.toString("utf8"), offset + start));
    else lines.push({ byte: line[bad], offset: offset + start + bad });
    start += line.length + 1;
  }
  return lines;
}

function withoutMark(text: string, offset: number): string {
  return offset === 0 && text.startsWith("\ufeff") ? text.slice(1) : text;
}
