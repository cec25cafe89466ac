/** Rows of tables, whatever kind of file they lie in. */
import { type FileMetaData, parquetSchema } from "hyparquet";
import { DataError } from "../../files/errors.js";
import { Reading } from "../reading.js";
import { findFiles, type SourceFile } from "../text/find-files.js";
import { jsonlRows } from "./jsonl.js";
import { parquetRows } from "./parquet.js";
import type { TableRow } from "./table-row.js";

/**
 * The rows of every JSON Lines and Parquet file that names, folders and globs stand for. Parquet's are as JSON has them:
 * a null is a field that is not there, a whole number of 64 bits a number, a time its text. Other kinds of files are
 * refused by the reading.
 * @throws MissingFileError: see `findFiles`.
 */
export async function* rowsOfFiles(patterns: string | string[], reading: Reading): AsyncGenerator<TableRow> {
  const files = await findFiles(patterns, reading);
  reading.begin(files);
  for (const file of files) {
    if (file.format === "jsonl") yield* jsonlRows(file, reading);
    else if (file.format === "parquet") yield* plainRows(file, reading);
    else
      reading.refuse(new DataError("rows are read from tables", file.path, "name .jsonl or .parquet files"));
  }
}

/**
 * As `rowsOfFiles`, for a reader that wants all rows or none.
 * @throws DataError where files or rows are bad; it counts them.
 */
export async function* allRows(patterns: string | string[]): AsyncGenerator<TableRow> {
  const reading = new Reading();
  let kept = 0;
  for await (const row of rowsOfFiles(patterns, reading)) {
    kept++;
    if (!reading.isStopped) yield row;
  }
  reading.finish(kept);
}

async function* plainRows(file: SourceFile, reading: Reading): AsyncGenerator<TableRow> {
  const names = (metadata: FileMetaData) =>
    parquetSchema(metadata).children.map(({ element }) => element.name);
  for await (const { value, source } of parquetRows(file, names, reading)) {
    let plain: TableRow["value"];
    try {
      plain = plainFields(value, source);
    } catch (error) {
      reading.refuse(error);
      continue;
    }
    if (!reading.isStopped) yield { value: plain, source };
  }
}

function plainFields(fields: object, source: string): Readonly<Record<string, unknown>> {
  const known = Object.entries(fields).filter(([, value]) => value !== undefined && value !== null);
  return Object.fromEntries(known.map(([name, value]) => [name, plainValue(value, `${source}, ${name}`)]));
}

function plainValue(value: unknown, place: string): unknown {
  if (typeof value === "bigint") return Number(value);
  if (value instanceof Date) return value.toISOString();
  if (value instanceof Uint8Array) {
    throw new DataError("the row is not UTF-8 text", place, "convert it to UTF-8, or remove the row");
  }
  if (Array.isArray(value)) return value.map((part, i) => plainValue(part ?? null, `${place}[${i}]`));
  return typeof value === "object" && value !== null ? plainFields(value, place) : value;
}
