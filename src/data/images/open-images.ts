import { counted } from "../../core/quantities.js";
import { DataError } from "../../files/errors.js";
import type { PictureCollection, PixelCollection, Split, SplitCounts } from "./collection.js";
import { decodeImage, ImageError, measurePicture, reshapePixels } from "./decode.js";
import { findCollection } from "./find-collection.js";
import type { ImageShape, LabelledImage } from "./image.js";
import { inOrder } from "./in-order.js";
import type { OnReceived } from "./known-set.js";
import { allProblems, type PictureProblem, problemsError, type Searching } from "./picture-problems.js";
import { type Watching, watched } from "./watching.js";

export type { Split, SplitCounts } from "./collection.js";
export { decodeImage, ImageError } from "./decode.js";
export { type PictureProblem, problemsError } from "./picture-problems.js";
export type { Watching } from "./watching.js";

/** How many pictures are decoded ahead of the one asked for; the decoder has threads of its own. */
const AHEAD = 16;

/** What is read, in which form, and how the reading is watched. */
export interface ImageSourceOptions extends Watching {
  /** An archive, folder, zip, Parquet file, IDX folder or file; or "cifar10", fetched into `cacheFolder()`. */
  readonly path: string;
  /** Crop about the centre and resize to this. Default: the images' own size, the same for all. */
  readonly size?: { readonly height: number; readonly width: number };
  /** Default: 1 when all images are grey, else 3. */
  readonly channels?: 1 | 3;
  /** Whether a picture that cannot be decoded ends the reading. Default "stop". */
  readonly onCorrupt?: "stop" | "skip";
  /** Hears of the download of a set asked for by name. */
  readonly onReceived?: OnReceived;
  /** What else is wrong, by the numbers of images, corrupt ones included: it goes into the one error that names all. */
  readonly check?: (counts: SplitCounts) => readonly PictureProblem[];
}

/** Images of one shape, decoded as they are asked for. */
export interface ImageSource {
  /** Those of the training images; [] where there are none. */
  readonly classes: readonly string[];
  readonly shape: ImageShape;
  /** How many there are, those that may turn out to be corrupt included. */
  readonly counts: SplitCounts;
  /** Whether it comes with images set apart, for validation or for testing. */
  readonly hasTest: boolean;
  /** Where `images("validation")` come from: the validation split, the test split where there is no other, or nowhere. */
  readonly heldOut: "validation" | "test" | undefined;
  /**
   * May be iterated again. A set with one held-out split gives it as "validation" and as "test"; of two, "validation"
   * is for choosing during training and "test" stays unseen. Throws `ImageError` for a corrupt picture, `DataError` for a
   * set that is wrong.
   */
  images(split: Split, watching?: Watching): AsyncIterable<LabelledImage>;
  /** The corrupt pictures met so far, each once. */
  readonly skipped: readonly string[];
  /** What lies beside the images and is not read, a phrase for each kind: "3 files of other kinds, such as a.txt". */
  readonly leftOut: readonly string[];
}

/**
 * Opens a set of images, whatever its format. Without `size` the first picture that is not skipped says the size
 * of all; without `channels` headers are read up to the first that is not grey. Once something is wrong with pictures
 * all are looked at, so that one error names all.
 * @throws DataError when there is nothing to read or it is damaged, MissingFileError for no such path.
 */
export async function openImages(options: ImageSourceOptions): Promise<ImageSource> {
  const collection = await findCollection(options.path, options);
  const { kind, classes, counts } = collection;
  const skipped = new Skipped(options.onCorrupt ?? "stop");
  await requireChecked(collection, options);
  const own = kind === "pixels" ? collection.shape : await measured(collection, options, skipped);
  const { height, width } = options.size ?? own;
  const shape: ImageShape = { channels: options.channels ?? own.channels, height, width };
  const heldOut = heldOutSplit("validation", counts);
  const images = (split: Split, watching: Watching = {}) => {
    const found = split === "train" ? split : heldOutSplit(split, counts);
    if (found === undefined) throw noTest(options.path);
    if (collection.kind === "pixels")
      return watched(shaped(collection, found, shape), counts[found], watching);
    return decoded(collection, found, shape, options, skipped, watching);
  };
  const leftOut = [...collection.leftOut, ...unseen(counts)];
  return {
    classes,
    shape,
    counts,
    hasTest: heldOut !== undefined,
    heldOut,
    images,
    skipped: skipped.names,
    leftOut,
  };
}

/** One held-out split stands in for the other. */
function heldOutSplit(split: "validation" | "test", counts: SplitCounts): "validation" | "test" | undefined {
  const other: "validation" | "test" = split === "test" ? "validation" : "test";
  return [split, other].find((one) => counts[one] !== undefined);
}

function unseen({ validation, test }: SplitCounts): string[] {
  if (validation === undefined || test === undefined) return [];
  return [`${counted(test, "image")} of the test split, unseen in training: there is one for validation`];
}

/** Throws what the options find wrong, with all else that is. */
async function requireChecked(
  collection: PictureCollection | PixelCollection,
  options: ImageSourceOptions,
): Promise<void> {
  const known = options.check?.(collection.counts) ?? [];
  if (known.length === 0) return;
  if (collection.kind === "pixels") throw problemsError(known);
  throw await allProblems(collection, searchingOf(options, known));
}

function searchingOf(
  { size, onCorrupt = "stop", signal, onProgress }: ImageSourceOptions,
  known: readonly PictureProblem[] = [],
): Searching {
  return { onCorrupt, isOwnSize: size === undefined, known, signal, onProgress };
}

/** Corrupt pictures: kept by name, or thrown. */
class Skipped {
  readonly names: string[] = [];
  private readonly known = new Set<string>();

  constructor(readonly onCorrupt: "stop" | "skip") {}

  add(source: string, error: unknown): void {
    if (!(error instanceof ImageError) || this.onCorrupt === "stop") throw error;
    if (this.known.has(source)) return;
    this.known.add(source);
    // Several are decoded at once: the order in which they fail is chance.
    this.names.push(source);
    this.names.sort();
  }
}

/** The size of the first picture not skipped, and whether all are grey: as far as the options leave that open. */
async function measured(
  collection: PictureCollection,
  options: ImageSourceOptions,
  skipped: Skipped,
): Promise<ImageShape> {
  const { path, size, channels } = options;
  let first: ImageShape | undefined = size && channels && { ...size, channels };
  if (first) return first;
  const measuring = inOrder(collection.pictures("train"), AHEAD, async ({ source, bytes }) => {
    try {
      const encoded = await bytes();
      return { source, encoded, shape: await measurePicture(encoded, source) };
    } catch (error) {
      return { source, error };
    }
  });
  for await (const picture of watched(measuring, collection.counts.train, options)) {
    if (picture.encoded === undefined) {
      await passOver(picture.source, picture.error, collection, options, skipped);
      continue;
    }
    const decides = first === undefined || picture.shape.channels === 3;
    if (!decides || (await isSkipped(picture, { ...picture.shape, ...size }, skipped))) continue;
    first ??= picture.shape;
    if (channels !== undefined) break;
    if (picture.shape.channels === 3) return { ...first, channels: 3 };
  }
  if (first) return first;
  throw nothingReadable(path, skipped.names);
}

/** Notes a corrupt picture, or throws it with all else that is wrong with the set. */
async function passOver(
  source: string,
  error: unknown,
  collection: PictureCollection,
  options: ImageSourceOptions,
  skipped: Skipped,
): Promise<void> {
  if (error instanceof ImageError && skipped.onCorrupt === "stop") {
    throw await allProblems(collection, { ...searchingOf(options), trouble: error });
  }
  skipped.add(source, error);
}

/** Decodes several at once; those that cannot be decoded are passed over, or thrown in their turn. */
async function* decoded(
  collection: PictureCollection,
  split: Split,
  shape: ImageShape,
  options: ImageSourceOptions,
  skipped: Skipped,
  watching: Watching,
): AsyncGenerator<LabelledImage> {
  let isNone = true;
  const decoding = inOrder(collection.pictures(split), AHEAD, async ({ source, label, bytes }) => {
    try {
      const encoded = await bytes();
      const own = options.size === undefined ? await measurePicture(encoded, source) : undefined;
      const isExpected = own === undefined || (own.height === shape.height && own.width === shape.width);
      // Not decoded here: several large ones would fill the memory.
      if (!isExpected) return { source, encoded, shape: own };
      return { source, label, pixels: await decodeImage(encoded, source, shape, own) };
    } catch (error) {
      return { source, error };
    }
  });
  for await (const picture of watched(decoding, collection.counts[split], watching)) {
    if (picture.pixels) {
      isNone = false;
      yield picture;
    } else if (picture.encoded) {
      if (await isSkipped(picture, shape, skipped)) continue;
      throw await allProblems(collection, searchingOf({ ...options, ...watching }));
    } else {
      await passOver(picture.source, picture.error, collection, { ...options, ...watching }, skipped);
    }
  }
  if (isNone) throw nothingReadable(split, skipped.names);
}

interface MeasuredPicture {
  readonly source: string;
  readonly encoded: Uint8Array;
  readonly shape: ImageShape;
}

/** Whether it is to be skipped for what follows its sound header. */
async function isSkipped(
  { source, encoded }: MeasuredPicture,
  target: ImageShape,
  skipped: Skipped,
): Promise<boolean> {
  if (skipped.onCorrupt === "stop") return false;
  try {
    await decodeImage(encoded, source, target);
    return false;
  } catch (error) {
    skipped.add(source, error);
    return true;
  }
}

async function* shaped(
  collection: PixelCollection,
  split: Split,
  shape: ImageShape,
): AsyncGenerator<LabelledImage> {
  const { channels, height, width } = collection.shape;
  const isSame = channels === shape.channels && height === shape.height && width === shape.width;
  if (isSame) yield* collection.images(split);
  else {
    yield* inOrder(collection.images(split), AHEAD, async (image) => ({
      ...image,
      pixels: await reshapePixels(image.pixels, collection.shape, shape),
    }));
  }
}

function noTest(path: string): DataError {
  return new DataError(
    "the images have no test split",
    path,
    "put pictures into train/ and test/ folders, or set some of the training images apart",
  );
}

function nothingReadable(where: string, skipped: readonly string[]): DataError {
  return new DataError(
    "no image could be read",
    `${where}: ${skipped.length} corrupt, the first of them ${skipped[0] ?? "none"}`,
    'see why with onCorrupt: "stop"',
  );
}
