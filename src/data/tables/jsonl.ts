import { fileChunks } from "../../files/bytes.js";
import { DataError } from "../../files/errors.js";
import { parseJson } from "../../files/json.js";
import { type BadLine, lineGroups } from "../../files/lines.js";
import { Reading } from "../reading.js";
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
 * without text. Rows with bad JSON, without the field, or where it holds no text, are refused by the reading.
 */
export async function* jsonlDocuments(
  file: SourceFile,
  field: string,
  reading: Reading,
): AsyncGenerator<SourceDocument> {
  for await (const row of jsonlRows(file, reading)) {
    let text: string;
    try {
      text = textOf(row, field);
    } catch (error) {
      reading.refuse(error);
      continue;
    }
    if (!reading.isStopped) yield { source: row.source, pieces: () => (text === "" ? [] : [text]) };
  }
}

/**
 * The rows of every JSON Lines file that names, folders and globs stand for. Other kinds of files are refused by the
 * reading.
 * @throws MissingFileError: see `findFiles`.
 */
export async function* rowsOfFiles(patterns: string | string[], reading: Reading): AsyncGenerator<JsonlRow> {
  const files = await findFiles(patterns, reading);
  reading.begin(files);
  for (const file of files) {
    if (file.format === "jsonl") yield* jsonlRows(file, reading);
    else {
      const advice = "name .jsonl or .jsonl.gz files";
      reading.refuse(new DataError("rows are read from JSON Lines only", file.path, advice));
    }
  }
}

/**
 * The rows of a JSON Lines file; blank lines are passed over. Lines that are no JSON objects are refused by the
 * reading, and a file without rows is passed over.
 * @throws DataError where no reading is given and lines are bad; it counts them.
 */
export async function* jsonlRows(file: SourceFile, reading?: Reading): AsyncGenerator<JsonlRow> {
  if (reading) yield* rowsOf(file, reading);
  else {
    const own = new Reading();
    own.begin([file]);
    for await (const row of rowsOf(file, own)) if (!own.isStopped) yield row;
    own.finish(1);
  }
}

async function* rowsOf(file: SourceFile, reading: Reading): AsyncGenerator<JsonlRow> {
  reading.beginFile(file);
  const chunks = fileChunks(file.path, file.isGzip, (bytes) => reading.advance(bytes));
  let lineNumber = 0;
  let rows = 0;
  try {
    for await (const lines of lineGroups(chunks)) {
      for (const line of lines) {
        lineNumber++;
        if (typeof line === "string" && line.trim() === "") continue;
        rows++;
        const row = rowOf(line, `${file.path}:${lineNumber}`, reading);
        if (row) yield row;
      }
    }
    if (rows === 0) reading.passOver("the file holds no rows", file.path);
  } catch (error) {
    reading.refuse(error);
  }
}

function rowOf(line: string | BadLine, source: string, reading: Reading): JsonlRow | undefined {
  reading.check();
  try {
    if (typeof line === "string") return { value: parsed(line, source), source, line };
    throw invalidBytes(line, source);
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
