import { basename } from "node:path";
import {
  type AsyncBuffer,
  asyncBufferFromFile,
  type FileMetaData,
  parquetMetadataAsync,
  parquetReadObjects,
  parquetSchema,
} from "hyparquet";
import { compressors } from "hyparquet-compressors";
import { AutodidactError } from "../../core/errors.js";
import { DataError } from "../../files/errors.js";
import type { Picture, PictureCollection, Split } from "./collection.js";
import { ImageError, orSkip } from "./decode.js";

/** More are no classes, but numbers of rows or users: an array of as many names may not fit the memory. */
const MAX_CLASSES = 100_000;

interface ParquetFile {
  readonly path: string;
  readonly buffer: AsyncBuffer;
  readonly metadata: FileMetaData;
}

/** Where a table holds its pictures and their classes. */
interface Columns {
  readonly image: string;
  readonly label: string | undefined;
  /** From the metadata; undefined when classes have no names there. */
  readonly names: readonly string[] | undefined;
}

/**
 * Pictures in Parquet as on the Hugging Face Hub: a column of {bytes, path} or of bytes, and one of classes
 * (a ClassLabel, else an integer column `label`; -1 and null are none). Files whose name starts with `test`
 * are the test split where others are not; those of `validation`, `valid` or `val` are left alone where there are
 * others. One row group is in memory at a time.
 * @throws DataError for a damaged file, no such column, labels too high to count, and classes that have no name.
 */
export async function parquetPictures(paths: readonly string[]): Promise<PictureCollection> {
  const isTest = (path: string) => /^test(?![a-z])/i.test(basename(path)) && paths.length > 1;
  const others = paths.filter((path) => !/^val(id|idation)?(?![a-z])/i.test(basename(path)));
  const files = await Promise.all((others.length > 0 ? others : [...paths]).sort().map(openParquet));
  const columns = columnsOf(files[0]);
  for (const file of files) requireColumns(file, columns);
  const test = files.filter(({ path }) => isTest(path));
  const splits = { train: files.filter(({ path }) => !isTest(path)), test };
  if (splits.train.length === 0) throw noRows(paths.join(", "));
  const classes = columns.names ?? (await numberedClasses(files, columns));
  const pictures = (split: Split) => tablePictures(splits[split], columns, classes);
  return { kind: "pictures", classes, hasTest: test.length > 0, pictures };
}

async function openParquet(path: string): Promise<ParquetFile> {
  const buffer = await asyncBufferFromFile(path);
  const metadata = await readable(path, () => parquetMetadataAsync(buffer));
  if (metadata.num_rows === 0n) throw noRows(path);
  return { path, buffer, metadata };
}

function columnsOf({ path, metadata }: ParquetFile): Columns {
  const columns = parquetSchema(metadata).children;
  const image =
    columns.find(({ children }) => children.some((child) => child.element.name === "bytes")) ??
    columns.find(({ element }) => element.type === "BYTE_ARRAY" && /^(image|img)$/i.test(element.name));
  if (image === undefined) {
    const names = columns.map(({ element }) => element.name).join(", ");
    throw new DataError(
      "the table has no column of images",
      `${path} has: ${names}`,
      "give a column {bytes, path} as on the Hugging Face Hub, or one of bytes called image",
    );
  }
  const labelled = classLabel(metadata);
  const isLabel = ({ element }: (typeof columns)[number]) =>
    element.name === "label" && /^INT/.test(element.type ?? "");
  const label = labelled?.column ?? columns.find(isLabel)?.element.name;
  return { image: image.element.name, label, names: labelled?.names };
}

/** What `datasets` writes into the metadata: {info: {features: {label: {_type: "ClassLabel", names}}}}. */
function classLabel(metadata: FileMetaData): { column: string; names: string[] } | undefined {
  const text = metadata.key_value_metadata?.find(({ key }) => key === "huggingface")?.value;
  try {
    const features: unknown = JSON.parse(text ?? "{}").info?.features;
    for (const [column, feature] of Object.entries(features ?? {})) {
      const { _type, names } = feature as { _type?: unknown; names?: unknown };
      const areNames = Array.isArray(names) && names.every((name) => typeof name === "string");
      if (_type === "ClassLabel" && areNames) return { column, names };
    }
  } catch {} // then the classes have no names, as in a table by another program
  return undefined;
}

function requireColumns({ path, metadata }: ParquetFile, { image, label }: Columns): void {
  const found = parquetSchema(metadata).children.map(({ element }) => element.name);
  const missing = [image, label].find((column) => column !== undefined && !found.includes(column));
  if (missing === undefined) return;
  throw new DataError(
    `the file has no column "${missing}"`,
    `${path} has: ${found.join(", ")}`,
    "give files of one table",
  );
}

async function numberedClasses(files: readonly ParquetFile[], { label }: Columns): Promise<string[]> {
  if (label === undefined) return [];
  let largest = -1;
  for (const file of files) {
    for (const [i, row] of (await rowsOf(file, [label])).entries()) {
      const value = row[label] ?? -1;
      if (Number(value) >= MAX_CLASSES) throw tooHigh(`${file.path}, row ${i}: label ${value}`);
      largest = Math.max(largest, Number(value));
    }
  }
  return Array.from({ length: largest + 1 }, (_, i) => `${i}`);
}

async function* tablePictures(
  files: readonly ParquetFile[],
  { image, label }: Columns,
  classes: readonly string[],
): AsyncGenerator<Picture> {
  for (const file of files) {
    let start = 0;
    for (const group of file.metadata.row_groups) {
      const end = start + Number(group.num_rows);
      const rows = await rowsOf(file, label === undefined ? [image] : [image, label], start, end);
      for (const [i, row] of rows.entries()) {
        const source = `${file.path}, row ${start + i}`;
        const bytes = async () => bytesOf(row[image], source);
        yield { source, label: label === undefined ? -1 : labelOf(row[label], classes, source), bytes };
      }
      start = end;
    }
  }
}

function rowsOf(
  { path, buffer: file, metadata }: ParquetFile,
  columns: string[],
  rowStart = 0,
  rowEnd = Number(metadata.num_rows),
): Promise<Record<string, unknown>[]> {
  const rows = { file, metadata, columns, rowStart, rowEnd, compressors, utf8: false };
  return readable(`${path}, rows ${rowStart} to ${rowEnd - 1}`, () => parquetReadObjects(rows));
}

function bytesOf(value: unknown, source: string): Uint8Array {
  const bytes = value instanceof Uint8Array ? value : (value as { bytes?: unknown } | null)?.bytes;
  if (bytes instanceof Uint8Array) return bytes;
  throw new ImageError(
    "a row holds no picture",
    `${source}: ${bytes === undefined || bytes === null ? "no bytes" : typeof bytes}`,
    `embed the pictures in the table, ${orSkip}`,
  );
}

function labelOf(value: unknown, classes: readonly string[], source: string): number {
  const label = Number(value ?? -1);
  if (Number.isInteger(label) && label >= -1 && label < classes.length) return label;
  throw new DataError(
    "a label is outside of the classes",
    `${source}: label ${value}, with ${classes.length} classes`,
    "correct the column, or the names in the metadata",
  );
}

async function readable<T>(found: string, read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    if (error instanceof AutodidactError) throw error;
    throw new DataError(
      "the Parquet file cannot be read",
      `${found}: ${(error as Error).message}`,
      "check the file with another Parquet reader, and fetch or write it again",
      { cause: error },
    );
  }
}

function tooHigh(found: string): DataError {
  return new DataError(
    "a label is too high to be the number of a class",
    `${found}, with at most ${MAX_CLASSES} classes`,
    "number the classes from 0, or name them in the metadata as a ClassLabel",
  );
}

function noRows(found: string): DataError {
  return new DataError("there are no images for training", found, "give a file that holds rows");
}
