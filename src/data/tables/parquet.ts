import { type FileHandle, open } from "node:fs/promises";
import {
  type AsyncBuffer,
  type FileMetaData,
  parquetMetadataAsync,
  parquetReadObjects,
  parquetSchema,
} from "hyparquet";
import { compressors } from "hyparquet-compressors";
import { AutodidactError } from "../../core/errors.js";
import { fileChunks } from "../../files/bytes.js";
import { DataError } from "../../files/errors.js";
import type { SourceDocument } from "../text/document.js";
import type { SourceFile } from "../text/find-files.js";

/**
 * The rows of a Parquet file, one row group in memory at a time; null and "" are documents without text.
 * A compressed `.parquet.gz` is held in memory whole, as its table of contents stands at the end.
 * @throws DataError for a damaged file, and for a column that is missing or holds no text.
 */
export async function* parquetDocuments(file: SourceFile, column: string): AsyncGenerator<SourceDocument> {
  const handle = await open(file.path);
  try {
    const buffer = file.isGzip ? await wholeBuffer(file) : await handleBuffer(handle);
    const metadata = await readable(file.path, () => parquetMetadataAsync(buffer));
    requireTextColumn(file.path, metadata, column);
    let row = 0;
    for (const group of metadata.row_groups) {
      const end = row + Number(group.num_rows);
      for (const value of await columnValues(file.path, buffer, metadata, column, row, end)) {
        const source = `${file.path}:${++row}`;
        const text = textOf(value, column, source);
        yield { source, pieces: () => (text === "" ? [] : [text]) };
      }
    }
    if (row === 0) throw new DataError("the file holds no rows", file.path, "remove it or fill it");
  } finally {
    await handle.close();
  }
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

async function wholeBuffer(file: SourceFile): Promise<AsyncBuffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of fileChunks(file.path, true)) chunks.push(chunk);
  const bytes = Uint8Array.from(Buffer.concat(chunks));
  return { byteLength: bytes.length, slice: (start, end) => bytes.buffer.slice(start, end) };
}

async function columnValues(
  path: string,
  file: AsyncBuffer,
  metadata: FileMetaData,
  column: string,
  rowStart: number,
  rowEnd: number,
): Promise<unknown[]> {
  const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  // A null arrives as undefined although the type promises bytes.
  const stringFromBytes = (bytes: Uint8Array | undefined) => bytes && decoder.decode(bytes);
  const rows = await readable(`${path}, rows ${rowStart + 1} to ${rowEnd}`, () =>
    parquetReadObjects({
      file,
      metadata,
      compressors,
      columns: [column],
      rowStart,
      rowEnd,
      parsers: { stringFromBytes },
    }),
  );
  return rows.map((row) => row[column]);
}

async function readable<T>(found: string, read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    if (error instanceof AutodidactError) throw error;
    const cause = error as Error;
    throw new DataError(
      "the Parquet file cannot be read, or its text is not UTF-8",
      `${found}: ${cause.message}`,
      "check the file with another Parquet reader, and fetch or write it again",
      { cause },
    );
  }
}

function requireTextColumn(path: string, metadata: FileMetaData, column: string): void {
  const columns = parquetSchema(metadata).children;
  const found = columns.find((child) => child.element.name === column);
  if (found === undefined) {
    const names = columns.map((child) => child.element.name).join(", ");
    throw new DataError(
      `the file has no column "${column}"`,
      `${path} has: ${names}`,
      "name one with `column`",
    );
  }
  if (found.element.type === "BYTE_ARRAY" && found.children.length === 0) return;
  const type = found.children.length > 0 ? "nested values" : found.element.type;
  throw new DataError(
    `the column "${column}" holds no text`,
    `${path}: ${type}`,
    "name a column of strings with `column`",
  );
}

function textOf(value: unknown, column: string, source: string): string {
  if (value === undefined || value === null) return "";
  if (typeof value === "string") return value;
  throw new DataError(
    `the column "${column}" holds no text`,
    `${source}: ${typeof value}`,
    "name a column of strings with `column`",
  );
}
