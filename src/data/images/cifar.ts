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

/** One of the two data sets: its files, and where in a record's labels its class is. */
interface Variant {
  readonly name: string;
  readonly archive: string;
  readonly folder: string;
  readonly batches: { readonly train: readonly string[]; readonly test: readonly string[] };
  readonly namesFile: string;
  readonly labelBytes: number;
  readonly leftOut: readonly string[];
}

const CIFAR10: Variant = {
  name: "CIFAR-10",
  archive: "cifar-10-binary.tar.gz",
  folder: "cifar-10-batches-bin",
  batches: { train: [1, 2, 3, 4, 5].map((i) => `data_batch_${i}.bin`), test: ["test_batch.bin"] },
  namesFile: "batches.meta.txt",
  labelBytes: 1,
  leftOut: [],
};
const CIFAR100: Variant = {
  name: "CIFAR-100",
  archive: "cifar-100-binary.tar.gz",
  folder: "cifar-100-binary",
  batches: { train: ["train.bin"], test: ["test.bin"] },
  namesFile: "fine_label_names.txt",
  labelBytes: 2,
  leftOut: ["the 20 coarse classes: the classes are the 100 fine ones"],
};
const VARIANTS = [CIFAR10, CIFAR100];
const FILES = VARIANTS.flatMap(filesOf);

/** One of the files of a data set. */
interface BatchFile {
  readonly name: string;
  readonly bytes: number;
  read(): Promise<Uint8Array>;
}

type BatchFiles = () => AsyncIterable<BatchFile>;

interface CifarSet {
  readonly variant: Variant;
  readonly location: string;
  readonly files: BatchFiles;
  readonly classes: readonly string[];
}

/** Which data set has files of these names; one name of CIFAR-100's that others have too is none. */
function variantOf(names: readonly string[]): Variant | undefined {
  if (batchesOf(CIFAR10).some((name) => names.includes(name))) return CIFAR10;
  const isWhole = filesOf(CIFAR100).filter((name) => names.includes(name)).length > 1;
  return isWhole ? CIFAR100 : undefined;
}

/** The folder of one of CIFAR's binary versions: this one or one in it; undefined for others. */
export function cifarFolderIn(folder: string, names: readonly string[]): string | undefined {
  if (variantOf(names)) return folder;
  const inner = VARIANTS.find((variant) => names.includes(variant.folder));
  return inner && join(folder, inner.folder);
}

/**
 * CIFAR-10 or CIFAR-100 in its official binary version: batches of records of the class (in CIFAR-100 the coarse one
 * before it, which is left out), and the red, green and blue plane. [https://www.cs.toronto.edu/~kriz/cifar.html]
 * @throws DataError for files that are missing, unreadable or of another size, and for classes that have no name.
 */
export async function cifarFolder(folder: string): Promise<PixelCollection> {
  return cifar(folder, async function* () {
    for (const name of (await readdir(folder)).filter((name) => FILES.includes(name))) {
      const path = join(folder, name);
      const failed = (cause: Error) => unreadable(path, cause);
      const { size } = await stat(path).catch(failed);
      yield { name, bytes: size, read: () => readFile(path).catch(failed) };
    }
  });
}

/** `cifarFolder` read from the archive, .tar or .tar.gz, without unpacking it to disk. */
export async function cifarArchive(path: string, isGzip: boolean): Promise<PixelCollection> {
  return cifar(path, () => archived(path, isGzip));
}

function batchesOf({ batches }: Variant): string[] {
  return [...batches.train, ...batches.test];
}

function filesOf(variant: Variant): string[] {
  return [...batchesOf(variant), variant.namesFile];
}

async function cifar(location: string, files: BatchFiles): Promise<PixelCollection> {
  const sizes = new Map<string, number>();
  const names = new Map<string, Uint8Array>();
  for await (const { name, bytes, read } of files()) {
    sizes.set(name, bytes);
    if (name.endsWith(".txt")) names.set(name, await read());
  }
  const variant = variantOf([...sizes.keys()]) ?? CIFAR10;
  for (const name of batchesOf(variant)) {
    if (sizes.has(name)) requireRecords(variant, `${location}/${name}`, sizes.get(name)!);
  }
  requireAll(variant, location, sizes);
  const classes = new TextDecoder().decode(names.get(variant.namesFile)).split(/\r?\n/).filter(Boolean);
  const count = (split: "train" | "test") =>
    variant.batches[split].reduce((sum, name) => sum + sizes.get(name)! / recordBytes(variant), 0);
  return {
    kind: "pixels",
    classes,
    counts: { train: count("train"), test: count("test") },
    shape: SHAPE,
    images: (split: Split) => batchImages({ variant, location, files, classes }, split),
    leftOut: variant.leftOut,
  };
}

function recordBytes({ labelBytes }: Variant): number {
  return labelBytes + IMAGE_BYTES;
}

/** In the order of the batches' numbers: one that the archive brings early is held until its turn. */
async function* batchImages(set: CifarSet, split: Split): AsyncGenerator<LabelledImage> {
  const { variant, location, files } = set;
  const left = [...variant.batches[split === "train" ? "train" : "test"]];
  const early = new Map<string, Uint8Array>();
  for await (const { name, read } of files()) {
    if (!left.includes(name)) continue;
    early.set(name, await read());
    for (let next = left[0]; next !== undefined && early.has(next); next = left[0]) {
      yield* records(set, `${location}/${next}`, early.get(next)!);
      early.delete(next);
      left.shift();
    }
    if (left.length === 0) return;
  }
}

function* records({ variant, classes }: CifarSet, file: string, bytes: Uint8Array): Generator<LabelledImage> {
  requireRecords(variant, file, bytes.length);
  for (let start = 0, record = 0; start < bytes.length; start += recordBytes(variant), record++) {
    const pixelsAt = start + variant.labelBytes;
    const label = bytes[pixelsAt - 1];
    const source = `${file}, record ${record}`;
    if (label >= classes.length) {
      throw new DataError(
        "a label is outside of the classes",
        `${source}: label ${label}, with ${classes.length} classes in ${variant.namesFile}`,
        "the file is damaged or of another data set: fetch it again",
      );
    }
    yield { pixels: bytes.slice(pixelsAt, pixelsAt + IMAGE_BYTES), label, source };
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
      const isWanted = entry.header.type === "file" && FILES.includes(name);
      if (isWanted) yield { name, bytes: entry.header.size ?? 0, read: () => contents(entry) };
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
    "a file of CIFAR cannot be read",
    `${path}: ${cause.message}`,
    "check its permissions; if it is a link, fetch what it points to, as with git annex get or dvc pull",
    { cause },
  );
}

function requireRecords(variant: Variant, file: string, bytes: number): void {
  const size = recordBytes(variant);
  if (bytes > 0 && bytes % size === 0) return;
  throw new DataError(
    `a batch of ${variant.name} does not hold whole records`,
    `${file}: ${bytes} bytes, not a multiple of ${size}`,
    "it was cut short, or is not of the binary version: fetch it again",
  );
}

function requireAll(variant: Variant, location: string, found: ReadonlyMap<string, number>): void {
  const missing = filesOf(variant).filter((name) => !found.has(name));
  if (missing.length === 0) return;
  throw new DataError(
    `files of ${variant.name} are missing`,
    `${location} has no ${missing.join(", ")}`,
    `fetch ${variant.archive} again; pictures of your own go into a folder or a zip`,
  );
}
