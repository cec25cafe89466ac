import { fileChunks } from "../../files/bytes.js";
import { DataError } from "../../files/errors.js";
import { type BadLine, lineGroups } from "../../files/lines.js";
import type { Reading } from "../reading.js";
import type { SourceFile } from "../text/find-files.js";

/** A line of a file. */
export interface NumberedLine {
  /** Without its end; undefined where it is not UTF-8. */
  readonly text: string | undefined;
  /** Where it stands, for messages: `file:line`. */
  readonly source: string;
}

/**
 * The lines of a text file that the reading has begun. Lines that are not UTF-8, and a file that cannot be read, are
 * refused by it.
 */
export async function* numberedLines(
  { path, isGzip }: SourceFile<string>,
  reading: Reading,
): AsyncGenerator<NumberedLine> {
  let number = 0;
  try {
    for await (const lines of lineGroups(fileChunks(path, isGzip, (bytes) => reading.advance(bytes)))) {
      for (const line of lines) {
        const source = `${path}:${++number}`;
        if (typeof line !== "string") reading.refuse(invalidBytes(line, source));
        yield { text: typeof line === "string" ? line.replace(/\r$/, "") : undefined, source };
      }
    }
  } catch (error) {
    reading.refuse(error);
  }
}

function invalidBytes({ byte, offset }: BadLine, source: string): DataError {
  return new DataError(
    "the line is not UTF-8 text",
    `${source}: byte 0x${byte.toString(16).padStart(2, "0")} at byte offset ${offset}`,
    "convert the file to UTF-8 (iconv -f ORIGINAL -t UTF-8), or remove the line",
  );
}
