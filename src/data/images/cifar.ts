import { readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { Readable } from "node:stream";
import { extract } from "tar-stream";
import { fileChunks } from "../../files/bytes.js";
import { DataError } from "../../files/errors.js";
import { insidePath } from "../../files/paths.js";
import type { PixelCollection, Split } from "./collection.js";
import type { ImageShape, LabelledImage } from "./image.js";

const SHAPE: ImageShape = { channels: 3, height: 32, width: 32 };
const IMAGE_BYTES = 3 * 32 * 32;
const RECORD_BYTES = 1 + IMAGE_BYTES;
const NAMES_FILE = "batches.meta.txt";
const BATCHES: Record<Split, readonly string[]> = {
  train: [1, 2, 3, 4, 5].map((i) => `data_batch_${i}.bin`),
  test: ["test_batch.bin"],
};
const FILES = [...BATCHES.train, ...BATCHES.test, NAMES_FILE];

/** One of the files of the data set. */
interface BatchFile {
  readonly name: string;
  readonly bytes: number;
  read(): Promise<Uint8Array>;
}

type BatchFiles = () => AsyncIterable<BatchFile>;

/** Whether these are names of files of CIFAR-10's binary version. */
export function areBatches(names: readonly string[]): boolean {
  return names.some((name) => FILES.includes(name) && name !== NAMES_FILE);
}

/**
 * CIFAR-10 in its official binary version: five batches and a test batch of records of 1 + 3072 bytes, the
 * class and the red, green and blue plane. [https://www.cs.toronto.edu/~kriz/cifar.html]
 * @throws DataError for files that are missing, unreadable or of another size, and for classes that have no name.
 */
export async function cifar10Folder(folder: string): Promise<PixelCollection> {
  const files = async function* () {
    for (const name of (await readdir(folder)).filter((name) => FILES.includes(name))) {
      const path = join(folder, name);
      const failed = (cause: Error) => unreadable(path, cause);
      const { size } = await stat(path).catch(failed);
      yield { name, bytes: size, read: () => readFile(path).catch(failed) };
    }
  };
  return cifar10(folder, files);
}

/** `cifar10Folder` read from the archive, .tar or .tar.gz, without unpacking it to disk. */
export async function cifar10Archive(path: string, isGzip: boolean): Promise<PixelCollection> {
  return cifar10(path, () => archived(path, isGzip));
}

async function cifar10(location: string, files: BatchFiles): Promise<PixelCollection> {
  const found: string[] = [];
  let classes: string[] = [];
  for await (const { name, bytes, read } of files()) {
    found.push(name);
    if (name !== NAMES_FILE) requireRecords(`${location}/${name}`, bytes);
    else
      classes = new TextDecoder()
        .decode(await read())
        .split(/\r?\n/)
        .filter(Boolean);
  }
  requireAll(location, found);
  const images = (split: Split) => batchImages(location, files, split, classes);
  return { kind: "pixels", classes, hasTest: true, shape: SHAPE, images };
}

/** In the order of the batches' numbers: one that the archive brings early is held until its turn. */
async function* batchImages(
  location: string,
  files: BatchFiles,
  split: Split,
  classes: readonly string[],
): AsyncGenerator<LabelledImage> {
  const left = [...BATCHES[split]];
  const early = new Map<string, Uint8Array>();
  for await (const { name, read } of files()) {
    if (!left.includes(name)) continue;
    early.set(name, await read());
    for (let next = left[0]; next !== undefined && early.has(next); next = left[0]) {
      yield* records(`${location}/${next}`, early.get(next)!, classes);
      early.delete(next);
      left.shift();
    }
    if (left.length === 0) return;
  }
}

function* records(file: string, bytes: Uint8Array, classes: readonly string[]): Generator<LabelledImage> {
  requireRecords(file, bytes.length);
  for (let start = 0, record = 0; start < bytes.length; start += RECORD_BYTES, record++) {
    const label = bytes[start];
    const source = `${file}, record ${record}`;
    if (label >= classes.length) {
      throw new DataError(
        "a label is outside of the classes",
        `${source}: label ${label}, with ${classes.length} classes in ${NAMES_FILE}`,
        "the file is damaged or of another data set: fetch it again",
      );
    }
    yield { pixels: bytes.slice(start + 1, start + RECORD_BYTES), label, source };
  }
}

async function* archived(path: string, isGzip: boolean): AsyncGenerator<BatchFile> {
  const tar = extract();
  const file = Readable.from(fileChunks(path, isGzip));
  file.on("error", (error) => tar.destroy(error));
  file.pipe(tar);
  try {
    for await (const entry of tar) {
      requireInside(path, entry.header.name);
      const name = entry.header.name.split("/").at(-1)!;
      const isBatch = entry.header.type === "file" && FILES.includes(name);
      if (isBatch) yield { name, bytes: entry.header.size ?? 0, read: () => contents(entry) };
      entry.resume();
    }
  } catch (error) {
    if (error instanceof DataError) throw error;
    throw new DataError(
      "the archive cannot be read",
      `${path}: ${(error as Error).message}`,
      "check it with tar -t, and fetch it again",
      { cause: error },
    );
  } finally {
    file.destroy();
    tar.destroy();
  }
}

async function contents(entry: AsyncIterable<unknown>): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of entry) chunks.push(chunk as Uint8Array);
  return Buffer.concat(chunks);
}

function requireInside(path: string, name: string): void {
  try {
    insidePath(path, name);
  } catch (cause) {
    throw new DataError(
      "an archive names a file outside of itself",
      `${JSON.stringify(name)} in ${path}`,
      "do not trust it: fetch it from its publisher",
      { cause },
    );
  }
}

function unreadable(path: string, cause: Error): never {
  throw new DataError(
    "a file of CIFAR-10 cannot be read",
    `${path}: ${cause.message}`,
    "check its permissions; if it is a link, fetch what it points to, as with git annex get or dvc pull",
    { cause },
  );
}

function requireRecords(file: string, bytes: number): void {
  if (bytes > 0 && bytes % RECORD_BYTES === 0) return;
  throw new DataError(
    "a batch of CIFAR-10 does not hold whole records",
    `${file}: ${bytes} bytes, not a multiple of ${RECORD_BYTES}`,
    "it was cut short, or is not of the binary version: fetch it again",
  );
}

function requireAll(location: string, found: readonly string[]): void {
  const missing = FILES.filter((name) => !found.includes(name));
  if (missing.length === 0) return;
  throw new DataError(
    "files of CIFAR-10 are missing",
    `${location} has no ${missing.join(", ")}`,
    "fetch cifar-10-binary.tar.gz again; pictures of your own go into a folder or a zip",
  );
}
