import { type FileHandle, open } from "node:fs/promises";
import {
  type AsyncBuffer,
  type FileMetaData,
  parquetMetadataAsync,
  parquetReadObjects,
  parquetSchema,
  type SchemaTree,
} from "hyparquet";
import { compressors } from "hyparquet-compressors";
import { fileChunks } from "../../files/bytes.js";
import { DataError } from "../../files/errors.js";
import type { Reading } from "../reading.js";
import type { SourceDocument } from "../text/document.js";
import type { SourceFile } from "../text/find-files.js";
import { fieldAt } from "./field-path.js";
import { readable } from "./readable.js";
import type { TableRow } from "./table-row.js";

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/**
 * The rows of a Parquet file's text column, or of one inside of it (`meta.body`); null and "" are documents without text.
 * The reading refuses what `parquetRows` says, a column that is missing or holds no text, and rows that are not UTF-8.
 */
export async function* parquetDocuments(
  file: SourceFile,
  column: string,
  reading: Reading,
): AsyncGenerator<SourceDocument> {
  const columnsOf = (metadata: FileMetaData) => [requireTexts(file.path, metadata, column)];
  for await (const { value, source } of parquetRows(file, columnsOf, reading)) {
    const text = textOf(fieldAt(value, column), column, source, reading);
    if (text === undefined || reading.isStopped) continue;
    yield { source, pieces: () => (text === "" ? [] : [text]) };
  }
}

/**
 * The rows of a Parquet file with the columns that `columnsOf` chooses, one row group in memory at a time; a text that
 * is not UTF-8 comes as its bytes. A compressed `.parquet.gz` is held in memory whole, as its table of contents stands
 * at the end. The reading refuses damaged files and row groups, and what `columnsOf` throws.
 */
export async function* parquetRows(
  file: SourceFile<string>,
  columnsOf: (metadata: FileMetaData) => string[],
  reading: Reading,
): AsyncGenerator<TableRow> {
  reading.beginFile(file);
  if (file.bytes === 0) {
    reading.passOver("the file holds no rows", file.path);
    return;
  }
  let handle: FileHandle | undefined;
  try {
    handle = await opened(file.path);
    const buffer = file.isGzip ? await wholeBuffer(file, reading) : await handleBuffer(handle);
    yield* rowsOf(file, buffer, columnsOf, reading);
  } catch (error) {
    reading.refuse(error);
  } finally {
    await handle?.close();
  }
}

async function* rowsOf(
  file: SourceFile<string>,
  buffer: AsyncBuffer,
  columnsOf: (metadata: FileMetaData) => string[],
  reading: Reading,
): AsyncGenerator<TableRow> {
  const metadata = await readable(file.path, () => parquetMetadataAsync(buffer));
  const columns = columnsOf(metadata);
  const rows = Number(metadata.num_rows);
  let row = 0;
  for (const { num_rows } of metadata.row_groups) {
    const [start, end] = [row, row + Number(num_rows)];
    for (const value of await valuesOf(file, buffer, metadata, columns, start, end, reading)) {
      reading.check();
      yield { value, source: `${file.path}:${++row}` };
    }
    row = end;
    reading.advance(((end - start) / rows) * file.bytes);
  }
  if (row === 0) reading.passOver("the file holds no rows", file.path);
}

function opened(path: string): Promise<FileHandle> {
  return open(path).catch((cause: Error) => {
    const advice = "check the file and its permissions";
    throw new DataError("the file cannot be read", `${path}: ${cause.message}`, advice, { cause });
  });
}

async function handleBuffer(handle: FileHandle): Promise<AsyncBuffer> {
  const { size } = await handle.stat();
  return {
    byteLength: size,
    async slice(start, end = size) {
      const bytes = new Uint8Array(Math.max(0, Math.min(end, size) - start));
      for (let filled = 0; filled < bytes.length; ) {
        const { bytesRead } = await handle.read(bytes, filled, bytes.length - filled, start + filled);
        if (bytesRead === 0) throw new Error(`the file ends at byte ${start + filled}`);
        filled += bytesRead;
      }
      return bytes.buffer;
    },
  };
}

async function wholeBuffer(file: SourceFile<string>, reading: Reading): Promise<AsyncBuffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of fileChunks(file.path, true, () => reading.check())) chunks.push(chunk);
  const bytes = Uint8Array.from(Buffer.concat(chunks));
  return { byteLength: bytes.length, slice: (start, end) => bytes.buffer.slice(start, end) };
}

/** Rows [start, end) with these columns; none, refused, where they cannot be read. */
async function valuesOf(
  { path }: SourceFile<string>,
  file: AsyncBuffer,
  metadata: FileMetaData,
  columns: string[],
  rowStart: number,
  rowEnd: number,
  reading: Reading,
): Promise<Record<string, unknown>[]> {
  const options = { file, metadata, compressors, columns, rowStart, rowEnd };
  const read = () => parquetReadObjects({ ...options, parsers: { stringFromBytes } });
  try {
    return await readable(`${path}, rows ${rowStart + 1} to ${rowEnd}`, read);
  } catch (error) {
    reading.refuse(error, rowEnd - rowStart);
    return [];
  }
}

/** The text, or the bytes as they are where they are none. A null arrives as undefined although the type promises bytes. */
function stringFromBytes(bytes: Uint8Array | undefined): string | Uint8Array | undefined {
  try {
    return bytes && utf8.decode(bytes);
  } catch {
    return bytes;
  }
}

/** Throws `DataError` unless the path leads to texts; gives the column at its beginning. */
function requireTexts(path: string, metadata: FileMetaData, column: string): string {
  const root = parquetSchema(metadata);
  const child = ({ children }: SchemaTree, name: string) =>
    children.find(({ element }) => element.name === name);
  const names = child(root, column) ? [column] : column.split(".");
  const found = names.reduce<SchemaTree | undefined>((at, name) => at && child(at, name), root);
  if (found === undefined) {
    throw new DataError(
      `the file has no column "${column}"`,
      `${path} has: ${root.children.map(({ element }) => element.name).join(", ")}`,
      "name one with `column`; one inside of another by its path, such as meta.body",
    );
  }
  const isText = found.element.type === "BYTE_ARRAY" && found.element.repetition_type !== "REPEATED";
  if (isText && found.children.length === 0) return names[0];
  const type = found.children.length > 0 ? "nested values" : found.element.type;
  throw new DataError(
    `the column "${column}" holds no text`,
    `${path}: ${type}`,
    "name a column of strings with `column`",
  );
}

function textOf(value: unknown, column: string, source: string, reading: Reading): string | undefined {
  if (value === undefined || value === null) return "";
  if (typeof value === "string") return value;
  reading.refuse(
    value instanceof Uint8Array
      ? new DataError("the row is not UTF-8 text", source, "convert it to UTF-8, or remove the row")
      : new DataError(
          `the column "${column}" holds no text`,
          `${source}: ${typeof value}`,
          "name a column of strings with `column`",
        ),
  );
}
