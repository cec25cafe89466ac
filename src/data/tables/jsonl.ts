import { fileChunks } from "../../files/bytes.js";
import { DataError } from "../../files/errors.js";
import { parseJson } from "../../files/json.js";
import { decodedPieces } from "../../files/utf8.js";
import type { SourceDocument } from "../text/document.js";
import { findFiles, type SourceFile } from "../text/find-files.js";

/** A row of a JSON Lines file. */
export interface JsonlRow {
  readonly value: Readonly<Record<string, unknown>>;
  /** Where it stands, for messages: `file:line`. */
  readonly source: string;
  readonly line: string;
}

/**
 * The rows of a JSON Lines file, each an object whose `field` holds a text. null and "" are documents
 * without text.
 * @throws DataError naming file and line for bad JSON, a missing field or one that holds no text.
 */
export async function* jsonlDocuments(file: SourceFile, field: string): AsyncGenerator<SourceDocument> {
  for await (const row of jsonlRows(file)) {
    const text = textOf(row, field);
    yield { source: row.source, pieces: () => (text === "" ? [] : [text]) };
  }
}

/**
 * The rows of every JSON Lines file that names, folders and globs stand for.
 * @throws DataError, MissingFileError: see `findFiles` and `jsonlRows`; DataError for other kinds of files.
 */
export async function* rowsOfFiles(patterns: string | string[]): AsyncGenerator<JsonlRow> {
  for (const file of await findFiles(patterns)) {
    if (file.format !== "jsonl") {
      throw new DataError("rows are read from JSON Lines only", file.path, "name .jsonl or .jsonl.gz files");
    }
    yield* jsonlRows(file);
  }
}

/**
 * The rows of a JSON Lines file; blank lines are passed over.
 * @throws DataError naming file and line where a row is no JSON object, or the file where it has no rows.
 */
export async function* jsonlRows(file: SourceFile): AsyncGenerator<JsonlRow> {
  let lineNumber = 0;
  let rows = 0;
  for await (const lines of lineGroups(decodedPieces(file.path, fileChunks(file.path, file.isGzip)))) {
    for (const line of lines) {
      lineNumber++;
      if (line.trim() === "") continue;
      rows++;
      const source = `${file.path}:${lineNumber}`;
      yield { value: parsed(line, source), source, line };
    }
  }
  if (rows === 0) throw new DataError("the file holds no rows", file.path, "remove it or fill it");
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

function textOf({ value: row, source, line }: JsonlRow, field: string): string {
  if (!Object.hasOwn(row, field)) {
    const fields = Object.keys(row).join(", ") || "none";
    throw new DataError(
      `the row has no field "${field}"`,
      `${source} has: ${fields}`,
      "name one with `field`",
    );
  }
  const value = row[field] ?? "";
  if (typeof value !== "string") {
    const found = `${source}: ${JSON.stringify(value).slice(0, 60)}`;
    throw new DataError(`the field "${field}" holds no text`, found, "name a field of strings with `field`");
  }
  // Only an escape such as \ud83d can bring half a surrogate pair into a text that was checked as UTF-8.
  if (/\\ud/i.test(line) && /[\ud800-\udfff]/u.test(value)) {
    throw new DataError("the row holds half a surrogate pair", source, "repair the \\u escapes in that line");
  }
  return value;
}

function parsed(line: string, source: string): Record<string, unknown> {
  let row: unknown;
  try {
    row = parseJson(line);
  } catch (error) {
    const cause = error as Error;
    throw new DataError("the line is not JSON", `${source}: ${cause.message}`, "repair or remove the line", {
      cause,
    });
  }
  if (typeof row === "object" && row !== null && !Array.isArray(row)) return row as Record<string, unknown>;
  throw new DataError(
    "the line is no JSON object",
    `${source}: ${line.slice(0, 60)}`,
    'write each row as {"name": value, ...}',
  );
}
