import { DataError } from "../../files/errors.js";
import { parseJson } from "../../files/json.js";
import { Reading } from "../reading.js";
import type { SourceDocument } from "../text/document.js";
import type { SourceFile } from "../text/find-files.js";
import { fieldAt } from "./field-path.js";
import { numberedLines } from "./numbered-lines.js";
import type { TableRow } from "./table-row.js";

/** A row of a JSON Lines file. */
export interface JsonlRow extends TableRow {
  readonly line: string;
}

/**
 * The rows of a JSON Lines file, each an object whose `field` (`meta.body`: one inside of another) holds a text. null and ""
 * are documents without text. Rows with bad JSON, without the field, or where it holds no text, are refused by the reading.
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
 * The rows of a JSON Lines file; blank lines are passed over. Lines that are no JSON objects are refused by the
 * reading, and a file without rows is passed over.
 * @throws DataError where no reading is given and lines are bad; it counts them.
 */
export async function* jsonlRows(file: SourceFile<string>, reading?: Reading): AsyncGenerator<JsonlRow> {
  if (reading) yield* rowsOf(file, reading);
  else {
    const own = new Reading();
    own.begin([file]);
    for await (const row of rowsOf(file, own)) if (!own.isStopped) yield row;
    own.finish(1);
  }
}

async function* rowsOf(file: SourceFile<string>, reading: Reading): AsyncGenerator<JsonlRow> {
  reading.beginFile(file);
  let rows = 0;
  for await (const { text, source } of numberedLines(file, reading)) {
    if (text?.trim() === "") continue;
    rows++;
    const row = text === undefined ? undefined : rowOf(text, source, reading);
    if (row) yield row;
  }
  if (rows === 0) reading.passOver("the file holds no rows", file.path);
}

function rowOf(line: string, source: string, reading: Reading): JsonlRow | undefined {
  reading.check();
  try {
    return { value: parsed(line, source), source, line };
  } catch (error) {
    reading.refuse(error);
  }
}

function textOf({ value: row, source, line }: JsonlRow, field: string): string {
  const found = fieldAt(row, field);
  if (found === undefined) {
    const fields = Object.keys(row).join(", ") || "none";
    throw new DataError(
      `the row has no field "${field}"`,
      `${source} has: ${fields}`,
      "name one with `field`",
    );
  }
  const value = found ?? "";
  if (typeof value !== "string") {
    const shown = `${source}: ${JSON.stringify(value).slice(0, 60)}`;
    throw new DataError(`the field "${field}" holds no text`, shown, "name a field of strings with `field`");
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
