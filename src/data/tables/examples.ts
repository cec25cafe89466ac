import { type CheckedFile, readIndexFile, verifyFile } from "../../files/checked-file.js";
import { crc32 } from "../../files/crc32.js";
import { ShardError } from "../../files/errors.js";
import type { Folder } from "../../files/folder.js";

/** What a field's numbers are in memory. */
const ARRAYS = { uint8: Uint8Array, int32: Int32Array, float32: Float32Array } as const;

export type ExampleDtype = keyof typeof ARRAYS;

/** Numbers of one field. */
export type ExampleArray = Uint8Array | Int32Array | Float32Array;

/** Numbers that a graph takes as they are: the fields of sets without bytes. */
export type GraphArray = Int32Array | Float32Array;

/** The numbers that every record holds under a name: little-endian on disk, row-major. */
export interface ExampleField {
  readonly dtype: ExampleDtype;
  /** Without the axis of records; [] is one number. */
  readonly shape: readonly number[];
}

export type ExampleFields = Readonly<Record<string, ExampleField>>;

/** One record, or several one after another: the numbers of each field. */
export type ExampleRecord<A extends ExampleArray = GraphArray> = Readonly<Record<string, A>>;

/** A set of records of one shape, read by number. */
export interface Examples<A extends ExampleArray = GraphArray> {
  readonly count: number;
  readonly fields: ExampleFields;
  /** The records in the order of `indices`, each field stacked [b, ...shape]. Throws `ShardError` outside. */
  readBatch(indices: readonly number[]): Promise<ExampleRecord<A>>;
}

const INDEX_FILE = "index.json";
const LAYOUT = "autodidact examples 1";
const CHUNK_BYTES = 8 * 2 ** 20;
const CACHED_BYTES = 64 * 2 ** 20;

interface ExampleIndex {
  readonly layout: string;
  readonly count: number;
  readonly fields: ExampleFields;
  /** In the order of `fields`. */
  readonly files: readonly CheckedFile[];
}

/**
 * Writes records, one file a field, holding some megabytes at a time. What stands in the folder already is
 * replaced; until the last write it does not count as complete.
 * @throws ShardError for a record that does not fit its fields; FolderError when the disk is full.
 */
export async function writeExamples(
  folder: Folder,
  fields: ExampleFields,
  records: Iterable<ExampleRecord<ExampleArray>> | AsyncIterable<ExampleRecord<ExampleArray>>,
): Promise<void> {
  await removeExamples(folder);
  const writers = Object.entries(fields).map(([name, field]) => new FieldWriter(folder, name, field));
  let count = 0;
  for await (const record of records) {
    for (const writer of writers) await writer.add(record, count);
    count++;
  }
  const files: CheckedFile[] = [];
  for (const writer of writers) files.push(await writer.finish());
  const index: ExampleIndex = { layout: LAYOUT, count, fields, files };
  await folder.write(INDEX_FILE, `${JSON.stringify(index, null, 2)}\n`);
}

/** The index goes first: half a set must never look complete. */
async function removeExamples(folder: Folder): Promise<void> {
  await folder.remove(INDEX_FILE);
  for (const name of await folder.list("")) if (name.endsWith(".bin")) await folder.remove(name);
}

class FieldWriter {
  private readonly file: string;
  private readonly length: number;
  private chunk: Uint8Array;
  private filled = 0;
  private bytes = 0;
  private crc = 0;

  constructor(
    private readonly folder: Folder,
    private readonly name: string,
    private readonly field: ExampleField,
  ) {
    if (!/^\w[\w-]*$/.test(name)) {
      throw new ShardError(
        "a field's name cannot name a file",
        JSON.stringify(name),
        "use letters and digits",
      );
    }
    this.file = `${name}.bin`;
    this.length = numbersOf(field);
    this.chunk = new Uint8Array(Math.max(CHUNK_BYTES, bytesOf(field)));
  }

  async add(record: ExampleRecord<ExampleArray>, index: number): Promise<void> {
    const values = Object.hasOwn(record, this.name) ? record[this.name] : undefined;
    if (typeOf(values) !== this.field.dtype || values!.length !== this.length) {
      throw new ShardError(
        "a record does not fit the fields of its set",
        `record ${index}, ${this.name}: ${typeOf(values)} [${values?.length}], not ${this.field.dtype} [${this.length}]`,
        "give every record the numbers that its fields announce",
      );
    }
    const bytes = new Uint8Array(values!.buffer, values!.byteOffset, values!.byteLength);
    if (this.filled + bytes.length > this.chunk.length) await this.flush();
    this.chunk.set(bytes, this.filled);
    this.filled += bytes.length;
  }

  async finish(): Promise<CheckedFile> {
    await this.flush();
    if (this.bytes === 0) await this.folder.write(this.file, "");
    return { file: this.file, bytes: this.bytes, crc32: this.crc };
  }

  private async flush(): Promise<void> {
    if (this.filled === 0) return;
    const part = this.chunk.subarray(0, this.filled);
    await this.folder.append(this.file, part);
    this.crc = crc32(part, this.crc);
    this.bytes += part.length;
    this.filled = 0;
  }
}

/** How many numbers a record holds of the field. */
export function numbersOf({ shape }: ExampleField): number {
  return shape.reduce((product, size) => product * size, 1);
}

/** How many bytes a record takes of the field. */
function bytesOf(field: ExampleField): number {
  return numbersOf(field) * ARRAYS[field.dtype].BYTES_PER_ELEMENT;
}

/** Zeros for `records` records of the field. */
export function zerosOf(field: ExampleField, records: number): ExampleArray {
  return new ARRAYS[field.dtype](records * numbersOf(field));
}

function typeOf(values: unknown): string {
  const known = Object.entries(ARRAYS).find(([, array]) => values instanceof array);
  return known?.[0] ?? "nothing";
}

/**
 * Opens a complete set after checking the size and checksum of each file. Sets of up to 64 MiB stay in
 * memory; of larger ones every batch fetches its records from the folder. `A` is given for sets with bytes:
 * `openExamples<ExampleArray>(folder)`.
 * @throws ShardError when it is missing, damaged or cut short.
 */
export async function openExamples<A extends ExampleArray = GraphArray>(
  folder: Folder,
): Promise<Examples<A>> {
  const { count, fields, files } = await readIndexFile(folder, indexFile);
  const isSmall = files.reduce((sum, { bytes }) => sum + bytes, 0) <= CACHED_BYTES;
  const readers: Record<string, FieldReader> = {};
  for (const [i, [name, field]] of Object.entries(fields).entries()) {
    const kept = isSmall ? new Uint8Array(files[i].bytes) : undefined;
    await verifyFile(folder, files[i], kept);
    readers[name] = { folder, file: files[i].file, field, kept };
  }
  const readBatch = async (indices: readonly number[]): Promise<ExampleRecord<A>> => {
    requireInside(folder, indices, count);
    const batch: Record<string, A> = {};
    for (const [name, reader] of Object.entries(readers))
      batch[name] = (await readField(reader, indices)) as A;
    return batch;
  };
  return { count, fields, readBatch };
}

interface FieldReader {
  readonly folder: Folder;
  readonly file: string;
  readonly field: ExampleField;
  /** The whole file, of small sets. */
  readonly kept: Uint8Array | undefined;
}

async function readField(
  { folder, file, field, kept }: FieldReader,
  indices: readonly number[],
): Promise<ExampleArray> {
  const size = bytesOf(field);
  const values = zerosOf(field, indices.length);
  const bytes = new Uint8Array(values.buffer);
  for (const [row, index] of indices.entries()) {
    const target = bytes.subarray(row * size, (row + 1) * size);
    if (kept === undefined) await folder.readInto(file, index * size, target);
    else target.set(kept.subarray(index * size, (index + 1) * size));
  }
  return values;
}

const indexFile = {
  file: INDEX_FILE,
  isIndex,
  missing: "there is no complete set of examples",
  lists: "examples",
};

function isIndex(value: unknown): value is ExampleIndex {
  const index = value as ExampleIndex | null;
  if (index?.layout !== LAYOUT || !Array.isArray(index.files) || !isSize(index.count)) return false;
  const fields = Object.entries(index.fields ?? {});
  return (
    fields.length === index.files.length &&
    fields.every(([name, field], i) => {
      const { file, bytes } = index.files[i];
      const isField = isDtype(field.dtype) && Array.isArray(field.shape) && field.shape.every(isSize);
      return isField && file === `${name}.bin` && bytes === index.count * bytesOf(field);
    })
  );
}

function isDtype(value: unknown): boolean {
  return typeof value === "string" && Object.hasOwn(ARRAYS, value);
}

function isSize(value: unknown): boolean {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function requireInside(folder: Folder, indices: readonly number[], count: number): void {
  const outside = indices.find((index) => !(Number.isInteger(index) && index >= 0 && index < count));
  if (outside === undefined) return;
  throw new ShardError(
    "a record lies outside the set",
    `record ${outside} of ${count} in ${folder.location}`,
    "read inside [0, count)",
  );
}
