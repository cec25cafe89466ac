/** Rows of texts in a run's folder, read by number. */
import { type CheckedFile, readIndexFile, verifyFile } from "../../files/checked-file.js";
import { ShardError } from "../../files/errors.js";
import type { Folder } from "../../files/folder.js";
import { AppendedFile } from "../appended-file.js";

/** Some texts, and what is the same for many rows, such as their languages. */
export interface PreparedRow {
  readonly texts: readonly string[];
  readonly kind: string;
}

/** Rows that all have as many texts. */
export interface PreparedRows {
  readonly count: number;
  /** Those of the rows, in the order in which they came first. */
  readonly kinds: readonly string[];
  /** Row `i`. Throws `ShardError` outside. */
  read(i: number): Promise<PreparedRow>;
}

interface TextIndex {
  readonly layout: string;
  readonly count: number;
  /** Of each row. */
  readonly texts: number;
  readonly kinds: readonly string[];
  /** The texts in UTF-8, and for each row its kind's number and how many bytes each text takes. */
  readonly files: readonly [CheckedFile, CheckedFile];
}

const LAYOUT = "autodidact texts 1";
const INDEX_FILE = "index.json";
const TEXTS_FILE = "texts.bin";
const LENGTHS_FILE = "lengths.bin";
const CACHED_BYTES = 64 * 2 ** 20;
const WORD_BYTES = Uint32Array.BYTES_PER_ELEMENT;

/**
 * Writes rows of `texts` texts each into the sub-folder `name`, holding some megabytes at a time. What stands there
 * already is replaced; until the last write it does not count as complete, and where it fails nothing stays.
 * @throws FolderError when the disk is full.
 */
export async function writePreparedTexts(
  folder: Folder,
  name: string,
  texts: number,
  rows: Iterable<PreparedRow>,
): Promise<void> {
  const target = folder.folder(name);
  await removePrepared(target);
  try {
    await writeRows(target, texts, rows);
  } catch (error) {
    await removePrepared(target).catch(() => {}); // why it failed matters more
    throw error;
  }
}

/** The index goes first: half a set must never look complete. */
async function removePrepared(folder: Folder): Promise<void> {
  for (const file of [INDEX_FILE, TEXTS_FILE, LENGTHS_FILE]) await folder.remove(file);
}

async function writeRows(folder: Folder, texts: number, rows: Iterable<PreparedRow>): Promise<void> {
  const [textsFile, lengthsFile] = [TEXTS_FILE, LENGTHS_FILE].map((file) => new AppendedFile(folder, file));
  const kinds = new Map<string, number>();
  let count = 0;
  for (const row of rows) {
    const pieces = row.texts.map((text) => Buffer.from(text));
    if (!kinds.has(row.kind)) kinds.set(row.kind, kinds.size);
    const words = Buffer.alloc((1 + texts) * WORD_BYTES);
    for (const [i, word] of [kinds.get(row.kind) ?? 0, ...pieces.map(({ length }) => length)].entries()) {
      words.writeUInt32LE(word, i * WORD_BYTES);
    }
    await lengthsFile.add(words);
    await textsFile.add(Buffer.concat(pieces));
    count++;
  }
  const files = [await textsFile.finish(), await lengthsFile.finish()] as const;
  const index: TextIndex = { layout: LAYOUT, count, texts, kinds: [...kinds.keys()], files };
  await folder.write(INDEX_FILE, `${JSON.stringify(index, null, 2)}\n`);
}

/**
 * Opens prepared rows of `texts` texts after checking size and checksum of their files. Up to 64 MiB of texts stay in
 * memory; of more each read fetches its row. Beyond that it takes some bytes a row.
 * @throws ShardError when they are missing, incomplete, damaged, or have another number of texts.
 */
export async function openPreparedTexts(folder: Folder, name: string, texts: number): Promise<PreparedRows> {
  const target = folder.folder(name);
  const { count, kinds, files } = await readIndexFile(target, { ...indexFile, isIndex: isIndexOf(texts) });
  const [textsFile, lengthsFile] = files;
  const kept = textsFile.bytes <= CACHED_BYTES ? new Uint8Array(textsFile.bytes) : undefined;
  await verifyFile(target, textsFile, kept);
  const lengthBytes = Buffer.alloc(lengthsFile.bytes);
  await verifyFile(target, lengthsFile, lengthBytes);
  const stride = 1 + texts;
  const wordOf = (i: number, word: number) => lengthBytes.readUInt32LE((i * stride + word) * WORD_BYTES);
  const starts = new Float64Array(count + 1);
  for (let i = 0; i < count; i++) {
    starts[i + 1] = starts[i];
    for (let text = 1; text <= texts; text++) starts[i + 1] += wordOf(i, text);
  }
  const read = async (i: number): Promise<PreparedRow> => {
    if (!(Number.isInteger(i) && i >= 0 && i < count)) throw outside(target, i, count);
    const bytes = Buffer.alloc(starts[i + 1] - starts[i]);
    if (kept) bytes.set(kept.subarray(starts[i], starts[i + 1]));
    else await target.readInto(TEXTS_FILE, starts[i], bytes);
    let end = 0;
    const found = Array.from({ length: texts }, (_, text) => {
      const start = end;
      end += wordOf(i, 1 + text);
      return bytes.toString("utf8", start, end);
    });
    return { texts: found, kind: kinds[wordOf(i, 0)] };
  };
  return { count, kinds, read };
}

const indexFile = {
  file: INDEX_FILE,
  missing: "there are no complete prepared texts",
  lists: "texts",
};

function isIndexOf(texts: number) {
  return (value: unknown): value is TextIndex => {
    const index = value as TextIndex | null;
    if (index?.layout !== LAYOUT || index.texts !== texts) return false;
    if (!Array.isArray(index.kinds) || !Array.isArray(index.files)) return false;
    const [textsFile, lengthsFile] = index.files;
    const numbers = [index.count, textsFile?.bytes, lengthsFile?.bytes];
    const areThere = textsFile?.file === TEXTS_FILE && lengthsFile?.file === LENGTHS_FILE;
    const areNumbers = numbers.every((number) => Number.isSafeInteger(number) && number >= 0);
    return areThere && areNumbers && lengthsFile.bytes === index.count * (1 + texts) * WORD_BYTES;
  };
}

function outside(folder: Folder, i: number, count: number): ShardError {
  return new ShardError(
    "a text lies outside the set",
    `row ${i} of ${count} in ${folder.location}`,
    "read inside [0, count)",
  );
}
