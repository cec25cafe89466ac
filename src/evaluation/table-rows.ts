import { parquetReadObjects } from "hyparquet";
import { compressors } from "hyparquet-compressors";
import { jsonlRows } from "../data/tables/jsonl.js";
import { findFiles, type SourceFile } from "../data/text/find-files.js";
import { fileChunks } from "../files/bytes.js";
import { EvaluationError } from "./errors.js";

/** A row of a table with all its columns, and where it stands, for messages: `file:row`, counted from 1. */
export interface TableRow {
  readonly value: Readonly<Record<string, unknown>>;
  readonly source: string;
}

/**
 * The rows of JSON Lines and Parquet files, also `.gz`; a Parquet file is held in memory whole.
 * Throws `EvaluationError` for other and damaged files; DataError, MissingFileError as `findFiles` and `jsonlRows` do.
 */
export async function* tableRows(files: string | string[]): AsyncGenerator<TableRow> {
  for (const file of await findFiles(files)) {
    if (file.format === "jsonl") yield* jsonlRows(file);
    else if (file.format === "parquet") yield* parquetRows(file);
    else {
      throw new EvaluationError(
        "questions are read from tables",
        file.path,
        "give them as rows of a .jsonl or .parquet file",
      );
    }
  }
}

async function* parquetRows(file: SourceFile): AsyncGenerator<TableRow> {
  let number = 0;
  for (const value of await readParquet(file)) yield { value, source: `${file.path}:${++number}` };
  if (number === 0) throw new EvaluationError("the file holds no rows", file.path, "remove it or fill it");
}

async function readParquet(file: SourceFile): Promise<Record<string, unknown>[]> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of fileChunks(file.path, file.isGzip)) chunks.push(chunk);
  const bytes = await new Blob(chunks as Uint8Array<ArrayBuffer>[]).arrayBuffer();
  try {
    return await parquetReadObjects({ file: bytes, compressors });
  } catch (error) {
    const cause = error as Error;
    throw new EvaluationError(
      "the Parquet file cannot be read",
      `${file.path}: ${cause.message}`,
      "check the file with another Parquet reader, and fetch or write it again",
      { cause },
    );
  }
}
