import { readdir } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { counted } from "../../core/quantities.js";
import { fileChunks } from "../../files/bytes.js";
import { DataError } from "../../files/errors.js";
import type { PixelCollection, Split } from "./collection.js";
import { MAX_PIXELS } from "./decode.js";
import { emnistSet, transposed } from "./emnist.js";
import type { ImageShape, LabelledImage } from "./image.js";

const IMAGES_MAGIC = 0x00000803; // bytes in three dimensions
const LABELS_MAGIC = 0x00000801; // bytes in one
const IMAGES_HEADER = 16;
const LABELS_HEADER = 8;
const DIGITS = Array.from("0123456789");
const FASHION = [
  "T-shirt/top",
  "Trouser",
  "Pullover",
  "Dress",
  "Coat",
  "Sandal",
  "Shirt",
  "Sneaker",
  "Bag",
  "Ankle boot",
];

/** A file of images, and the labels that go with it. */
interface Pair {
  readonly path: string;
  readonly count: number;
  readonly shape: ImageShape;
  readonly labels: Uint8Array | undefined;
  /** Whether the file has rows and columns the other way round. */
  readonly isTransposed: boolean;
}

interface IdxNames {
  readonly train?: string;
  readonly test?: string;
  /** Files of training images of other sets. */
  readonly others: readonly string[];
}

/** The files of images among these names: MNIST's train and t10k, or those of a set that begins with its name. */
export function idxImages(names: readonly string[]): IdxNames {
  const isImages = /images.*idx3-ubyte(\.gz)?$/i;
  const trains = names.filter((name) => isImages.test(name) && /(^|[-_.])train[-_.]/i.test(name));
  const [train, ...others] = trains.sort();
  if (train === undefined) return { others };
  const bare = (name: string) => name.replace(/\.gz$/i, "");
  const [start] = bare(train).split(/train[-_.]/i);
  const test = names.find(
    (name) => isImages.test(name) && [`${start}t10k`, `${start}test`].some((head) => name.startsWith(head)),
  );
  return { train, test, others: others.filter((name) => bare(name) !== bare(train)) };
}

/**
 * Grey images in MNIST's IDX files, also gzipped: train and t10k (or test) of a folder, or one file of images. Labels
 * are in the file called the same with `labels` for `images` and `idx1` for `idx3`; without it there are none, and
 * without those of the training images none for testing. EMNIST's are turned upright, and its classes have its names.
 * @throws DataError for a wrong magic number or size, unequal counts, labels outside of the classes, and several sets.
 */
export async function idxFolder(folder: string): Promise<PixelCollection> {
  const { train, test, others } = idxImages(await readdir(folder));
  if (others.length > 0) {
    throw new DataError(
      "there are several sets of IDX images in one folder",
      `${folder}: ${[train, ...others].join(", ")}`,
      "give a folder that holds the files of one of them",
    );
  }
  return idx(join(folder, train!), test && join(folder, test));
}

/** `idxFolder` of one file of images, all of them for training. */
export function idxFile(path: string): Promise<PixelCollection> {
  return idx(path, undefined);
}

async function idx(trainPath: string, testPath: string | undefined): Promise<PixelCollection> {
  const train = await openPair(trainPath);
  const test = testPath === undefined ? undefined : await openPair(testPath);
  if (test) requireSameShape(train, test);
  const images = (split: Split) =>
    pairImages(split === "train" ? train : { ...test!, labels: train.labels && test!.labels });
  return {
    kind: "pixels",
    classes: train.labels ? setOf(trainPath).classes : [],
    counts: { train: train.count, ...(test && { test: test.count }) },
    shape: train.shape,
    images,
    leftOut: [train, test].flatMap((pair) => (pair && !pair.labels ? [withoutLabels(pair)] : [])),
  };
}

function withoutLabels({ path, count }: Pair): string {
  return `the classes of ${counted(count, "image")}: beside ${basename(path)} is no file ${labelsName(path)}`;
}

/** The classes that a file's labels count, and the number of the first. */
function setOf(path: string): { classes: readonly string[]; first: number } {
  return emnistSet(basename(path)) ?? { classes: /fashion/i.test(path) ? FASHION : DIGITS, first: 0 };
}

async function openPair(path: string): Promise<Pair> {
  const header = await headerOf(path);
  const [magic = 0, count = 0, height = 0, width = 0] = header;
  const size = height * width;
  if (magic !== IMAGES_MAGIC || count * size === 0 || size > MAX_PIXELS) {
    throw new DataError(
      "a file holds no IDX images",
      `${path}: magic number ${hex(magic)}, ${count} images of ${height} x ${width}`,
      `give a file of images in bytes: magic number ${hex(IMAGES_MAGIC)}, at least one image, at most ${MAX_PIXELS} pixels each`,
    );
  }
  const labels = await labelsOf(path, count);
  const isTransposed = emnistSet(basename(path)) !== undefined;
  const shape = isTransposed ? { height: width, width: height } : { height, width };
  return { path, count, shape: { channels: 1, ...shape }, labels, isTransposed };
}

function requireSameShape(train: Pair, test: Pair): void {
  const [a, b] = [train, test].map(({ shape }) => `${shape.height} x ${shape.width}`);
  if (a === b) return;
  throw new DataError(
    "training and test images are of different sizes",
    `${train.path}: ${a}, ${test.path}: ${b}`,
    "put files of one set together",
  );
}

async function headerOf(path: string): Promise<number[]> {
  for await (const chunk of pieces(path, IMAGES_HEADER)) {
    const view = new DataView(chunk.buffer, chunk.byteOffset, chunk.length);
    return Array.from({ length: chunk.length / 4 }, (_, i) => view.getUint32(4 * i));
  }
  return [];
}

async function labelsOf(imagesPath: string, count: number): Promise<Uint8Array | undefined> {
  const path = await labelsPath(imagesPath);
  if (path === undefined) return undefined;
  const chunks: Buffer[] = [];
  for await (const chunk of chunksOf(path)) chunks.push(chunk);
  const bytes = Buffer.concat(chunks);
  const header = bytes.length < LABELS_HEADER ? [0, 0] : [bytes.readUInt32BE(0), bytes.readUInt32BE(4)];
  const labels = bytes.subarray(LABELS_HEADER);
  if (header[0] !== LABELS_MAGIC || header[1] !== labels.length) {
    throw new DataError(
      "a file holds no IDX labels, or is cut short",
      `${path}: magic number ${hex(header[0])}, ${header[1]} labels announced, ${labels.length} there`,
      `fetch it again; labels have the magic number ${hex(LABELS_MAGIC)}`,
    );
  }
  const { classes, first } = setOf(imagesPath);
  requireFit(path, labels, count, first, first + classes.length - 1);
  return labels.map((label) => label - first);
}

function requireFit(path: string, labels: Uint8Array, count: number, first: number, last: number): void {
  if (labels.length !== count) {
    throw new DataError(
      "there are not as many labels as images",
      `${path}: ${labels.length} labels, ${count} images`,
      "put the two files of one set together",
    );
  }
  const wrong = labels.findIndex((label) => label < first || label > last);
  if (wrong < 0) return;
  throw new DataError(
    "a label is outside of the classes",
    `${path}, label ${wrong}: ${labels[wrong]}, with classes ${first} to ${last}`,
    "the file is damaged or of another set: fetch it again",
  );
}

async function labelsPath(imagesPath: string): Promise<string | undefined> {
  const expected = labelsName(imagesPath);
  if (expected === basename(imagesPath)) return undefined;
  const bare = expected.replace(/\.gz$/, "");
  const names = await readdir(dirname(imagesPath));
  const found = [expected, bare, `${bare}.gz`].find((name) => names.includes(name));
  return found && join(dirname(imagesPath), found);
}

function labelsName(imagesPath: string): string {
  return basename(imagesPath).replace("images", "labels").replace("idx3", "idx1");
}

async function* pairImages(pair: Pair): AsyncGenerator<LabelledImage> {
  const { path, count, shape, labels } = pair;
  const lying = { ...shape, height: shape.width, width: shape.height };
  const size = shape.height * shape.width;
  let index = 0;
  let isHeader = true;
  for await (const pixels of pieces(path, IMAGES_HEADER, size)) {
    if (!isHeader && (pixels.length < size || index === count)) {
      throw wrongSize(
        path,
        `${count} images of ${size} bytes announced, image ${index} has ${pixels.length}`,
      );
    }
    if (!isHeader) {
      const upright = pair.isTransposed ? transposed(pixels, lying) : pixels;
      yield { pixels: upright, label: labels?.[index] ?? -1, source: `${path}, image ${index++}` };
    }
    isHeader = false;
  }
  if (index < count) throw wrongSize(path, `${count} images announced, ${index} there`);
}

/** A piece of `first` bytes, then pieces of `size`; the last may be shorter. */
async function* pieces(path: string, first: number, size = first): AsyncGenerator<Uint8Array> {
  let left: Buffer = Buffer.alloc(0);
  let wanted = first;
  for await (const chunk of chunksOf(path)) {
    left = left.length === 0 ? chunk : Buffer.concat([left, chunk]);
    for (; left.length >= wanted; wanted = size) {
      yield Uint8Array.from(left.subarray(0, wanted));
      left = left.subarray(wanted);
    }
  }
  if (left.length > 0) yield Uint8Array.from(left);
}

async function* chunksOf(path: string): AsyncGenerator<Buffer> {
  yield* fileChunks(path, await isGzip(path));
}

/** By the file's first bytes: browsers unpack what they fetch and keep its name, or the other way round. */
async function isGzip(path: string): Promise<boolean> {
  for await (const chunk of fileChunks(path, false)) return chunk[0] === 0x1f && chunk[1] === 0x8b;
  return false;
}

function wrongSize(path: string, found: string): DataError {
  return new DataError(
    "a file of IDX images is not of the size that it announces",
    `${path}: ${found}`,
    "it was cut short or damaged: fetch it again",
  );
}

function hex(magic: number): string {
  return `0x${magic.toString(16).padStart(8, "0")}`;
}
