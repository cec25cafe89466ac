import { join } from "node:path";
import {
  type AsyncBuffer,
  asyncBufferFromFile,
  type FileMetaData,
  parquetMetadataAsync,
  parquetReadObjects,
  parquetSchema,
  type SchemaTree,
} from "hyparquet";
import { compressors } from "hyparquet-compressors";
import { DataError } from "../../files/errors.js";
import { readable } from "../tables/readable.js";
import type { Picture, PictureCollection, Split, SplitCounts } from "./collection.js";
import { ImageError, orSkip } from "./decode.js";
import { labelColumns } from "./label-column.js";
import { classesOf, type LabelColumn, LEFT_OUT, type TableClasses } from "./table-classes.js";
import { splitTables } from "./table-splits.js";

interface ParquetFile {
  readonly path: string;
  readonly split: Split;
  readonly buffer: AsyncBuffer;
  readonly metadata: FileMetaData;
}

/** Where a table holds its pictures and their classes. */
interface Columns {
  readonly image: string;
  readonly label: string | undefined;
  /** From the metadata; undefined when classes have no names there. */
  readonly names: readonly string[] | undefined;
  readonly leftOut: readonly string[];
}

/** A file with the class of each row; see `classesOf`. */
interface LabelledFile extends ParquetFile {
  readonly labels: Int32Array;
}

/**
 * Pictures in Parquet as on the Hugging Face Hub: a column of {bytes, path} or of bytes, and one of classes: a
 * ClassLabel, else a column of `labelColumns` that holds strings, whole numbers (-1 is none) or booleans. See
 * `splitTables` for splits; held-out rows of classes that training has not are left out, unless metadata names them.
 * One row group is in memory at a time.
 * @throws DataError for a damaged file, no such column, labels too high to count, and classes that have no name.
 */
export async function parquetPictures(
  folder: string,
  names: readonly string[],
  signal?: AbortSignal,
): Promise<PictureCollection> {
  const tables = splitTables(folder, names);
  const files: ParquetFile[] = [];
  for (const split of ["train", "validation", "test"] as const) {
    for (const name of tables.splits[split] ?? []) files.push(await openParquet(join(folder, name), split));
  }
  const columns = columnsOf(files[0]);
  for (const file of files) requireColumns(file, columns);
  const { classes, labels, leftOut } = await classesIn(files, columns, signal);
  const labelled = files.map((file, i) => ({ ...file, labels: labels[i] }));
  const filesOf = (split: Split) => labelled.filter((file) => file.split === split);
  return {
    kind: "pictures",
    classes,
    counts: { train: countOf(filesOf("train")), ...countsOf(filesOf) },
    leftOut: [...tables.leftOut, ...columns.leftOut, ...leftOut],
    pictures: (split) => tablePictures(filesOf(split), columns.image),
  };
}

/** Whether a table has a column of pictures. */
export async function holdsPictures(path: string): Promise<boolean> {
  return imageColumn(await openParquet(path, "train")) !== undefined;
}

function countsOf(filesOf: (split: Split) => LabelledFile[]): Partial<SplitCounts> {
  const heldOut = (["validation", "test"] as const).filter((split) => filesOf(split).length > 0);
  return Object.fromEntries(heldOut.map((split) => [split, countOf(filesOf(split))]));
}

function countOf(files: readonly LabelledFile[]): number {
  return files.reduce((sum, { labels }) => sum + labels.filter((label) => label !== LEFT_OUT).length, 0);
}

async function openParquet(path: string, split: Split): Promise<ParquetFile> {
  const buffer = await readable(path, () => asyncBufferFromFile(path));
  const metadata = await readable(path, () => parquetMetadataAsync(buffer));
  if (metadata.num_rows === 0n) throw noRows(path);
  return { path, split, buffer, metadata };
}

function imageColumn({ metadata }: ParquetFile): SchemaTree | undefined {
  const columns = parquetSchema(metadata).children;
  return (
    columns.find(({ children }) => children.some((child) => child.element.name === "bytes")) ??
    columns.find(({ element }) => element.type === "BYTE_ARRAY" && /^(image|img)$/i.test(element.name))
  );
}

function columnsOf(file: ParquetFile): Columns {
  const columns = parquetSchema(file.metadata).children;
  const image = imageColumn(file)?.element.name;
  const all = columns.map(({ element }) => element.name);
  if (image === undefined) {
    throw new DataError(
      "the table has no column of images",
      `${file.path} has: ${all.join(", ")}`,
      "give a column {bytes, path} as on the Hugging Face Hub, or one of bytes called image",
    );
  }
  const classLabels = classLabelsIn(file.metadata);
  const areNested = columns.filter(({ children }) => children.length > 0).map(({ element }) => element.name);
  const candidates = labelColumns(all).filter((name) => name !== image);
  const found = candidates.filter((name) => !areNested.includes(name));
  const named = found.filter((name) => classLabels.has(name));
  const label = named[0] ?? [...classLabels.keys()][0] ?? found[0];
  const others = candidates.filter((name) => name !== label);
  const leftOut = others.map((name) =>
    areNested.includes(name)
      ? `the column ${name}: its values are lists`
      : `the column ${name}, as ${label} is read`,
  );
  if (label === undefined && others.length === 0 && all.length > 1) {
    leftOut.push(`the columns ${all.filter((name) => name !== image).join(", ")}: none is called label`);
  }
  return { image, label, names: classLabels.get(label ?? ""), leftOut };
}

/** What `datasets` writes into the metadata: {info: {features: {label: {_type: "ClassLabel", names}}}}. */
function classLabelsIn(metadata: FileMetaData): Map<string, readonly string[]> {
  const text = metadata.key_value_metadata?.find(({ key }) => key === "huggingface")?.value;
  const found = new Map<string, readonly string[]>();
  try {
    const features: unknown = JSON.parse(text ?? "{}").info?.features;
    for (const [column, feature] of Object.entries(features ?? {})) {
      const { _type, names } = feature as { _type?: unknown; names?: unknown };
      const areNames = Array.isArray(names) && names.every((name) => typeof name === "string");
      if (_type === "ClassLabel" && areNames) found.set(column, names);
    }
  } catch {} // then the classes have no names, as in a table by another program
  return found;
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

async function classesIn(
  files: readonly ParquetFile[],
  { label, names }: Columns,
  signal: AbortSignal | undefined,
): Promise<TableClasses> {
  const none = ({ metadata }: ParquetFile) => new Int32Array(Number(metadata.num_rows)).fill(-1);
  if (label === undefined) return { classes: [], labels: files.map(none), leftOut: [] };
  const columns: LabelColumn[] = [];
  for (const file of files) {
    signal?.throwIfAborted();
    const rows = await rowsOf(file, [label]);
    columns.push({ path: file.path, split: file.split, values: rows.map((row) => row[label]) });
  }
  return classesOf(columns, label, names);
}

async function* tablePictures(files: readonly LabelledFile[], image: string): AsyncGenerator<Picture> {
  for (const file of files) {
    let start = 0;
    for (const group of file.metadata.row_groups) {
      const end = start + Number(group.num_rows);
      for (const [i, row] of (await rowsOf(file, [image], start, end)).entries()) {
        const label = file.labels[start + i];
        const source = `${file.path}, row ${start + i}`;
        if (label !== LEFT_OUT) yield { source, label, bytes: async () => bytesOf(row[image], source) };
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

function noRows(found: string): DataError {
  return new DataError("there are no images for training", found, "give a file that holds rows");
}
