import { fileChunks } from "./bytes.js";
import type { SourceDocument } from "./document.js";
import { DataError } from "./errors.js";
import type { SourceFile } from "./files.js";
import { decodedPieces } from "./utf8.js";

/**
 * The rows of a JSON Lines file, each an object whose `field` holds a text. Blank lines are passed over;
 * null and "" are documents without text.
 * @throws DataError naming file and line for bad JSON, a missing field or one that holds no text.
 */
export async function* jsonlDocuments(file: SourceFile, field: string): AsyncGenerator<SourceDocument> {
  let lineNumber = 0;
  let rows = 0;
  for await (const lines of lineGroups(decodedPieces(file.path, fileChunks(file.path, file.isGzip)))) {
    for (const line of lines) {
      lineNumber++;
      if (line.trim() === "") continue;
      rows++;
      const source = `${file.path}:${lineNumber}`;
      const text = textOf(line, field, source);
      yield { source, pieces: () => (text === "" ? [] : [text]) };
    }
  }
  if (rows === 0) throw new DataError("The file holds no rows", file.path, "remove it or fill it");
}

/** The lines of a text in pieces, as many at a time as a piece completes. */
async function* lineGroups(pieces: AsyncIterable<string>): AsyncGenerator<string[]> {
  let unfinished = "";
  for await (const piece of pieces) {
    const lines = (unfinished + piece).split("\n");
    unfinished = lines.pop()!;
    if (lines.length > 0) yield lines;
  }
  if (unfinished !== "") yield [unfinished];
}

function textOf(line: string, field: string, source: string): string {
  const row = parsed(line, source);
  if (!Object.hasOwn(row, field)) {
    const fields = Object.keys(row).join(", ") || "none";
    throw new DataError(
      `The row has no field "${field}"`,
      `${source} has: ${fields}`,
      "name one with `field`",
    );
  }
  const value = row[field] ?? "";
  if (typeof value !== "string") {
    const found = `${source}: ${JSON.stringify(value).slice(0, 60)}`;
    throw new DataError(`The field "${field}" holds no text`, found, "name a field of strings with `field`");
  }
  // Only an escape such as \ud83d can bring half a surrogate pair into a text that was checked as UTF-8.
  if (/\\ud/i.test(line) && /[\ud800-\udfff]/u.test(value)) {
    throw new DataError("The row holds half a surrogate pair", source, "repair the \\u escapes in that line");
  }
  return value;
}

function parsed(line: string, source: string): Record<string, unknown> {
  let row: unknown;
  try {
    row = JSON.parse(line);
  } catch (error) {
    const cause = error as Error;
    throw new DataError("The line is not JSON", `${source}: ${cause.message}`, "repair or remove the line", {
      cause,
    });
  }
  if (typeof row === "object" && row !== null && !Array.isArray(row)) return row as Record<string, unknown>;
  throw new DataError(
    "The line is no JSON object",
    `${source}: ${line.slice(0, 60)}`,
    'write each row as {"text": "..."}',
  );
}
