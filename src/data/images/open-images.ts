import { DataError } from "../../files/errors.js";
import type { PictureCollection, PixelCollection, Split } from "./collection.js";
import { decodeImage, ImageError, measurePicture, reshapePixels } from "./decode.js";
import { findCollection } from "./find-collection.js";
import type { ImageShape, LabelledImage } from "./image.js";
import { inOrder } from "./in-order.js";
import type { OnReceived } from "./known-set.js";

export { decodeImage, ImageError } from "./decode.js";

/** How many pictures are decoded ahead of the one asked for; the decoder has threads of its own. */
const AHEAD = 16;

export interface ImageSourceOptions {
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
}

/** Images of one shape, decoded as they are asked for. */
export interface ImageSource {
  /** [] where there are none. */
  readonly classes: readonly string[];
  readonly shape: ImageShape;
  /** Whether it comes with images set apart for testing. */
  readonly hasTest: boolean;
  /** May be iterated again. Throws `ImageError` for a corrupt picture, `DataError` for a set that is wrong. */
  images(split: Split): AsyncIterable<LabelledImage>;
  /** The corrupt pictures met so far, each once. */
  readonly skipped: readonly string[];
}

/**
 * Opens a set of images, whatever its format. Without `size` the first picture that is not skipped says the size
 * of all; without `channels` headers are read up to the first that is not grey.
 * @throws DataError when there is nothing to read or it is damaged, MissingFileError for no such path.
 */
export async function openImages(options: ImageSourceOptions): Promise<ImageSource> {
  const collection = await findCollection(options.path, options.onReceived);
  const { kind, classes, hasTest } = collection;
  const skipped = new Skipped(options.onCorrupt ?? "stop");
  const own = kind === "pixels" ? collection.shape : await measured(collection, options, skipped);
  const { height, width } = options.size ?? own;
  const shape: ImageShape = { channels: options.channels ?? own.channels, height, width };
  const images = (split: Split) => {
    if (split === "test" && !hasTest) throw noTest(options.path);
    if (collection.kind === "pixels") return shaped(collection, split, shape);
    return decoded(collection, split, shape, options.size === undefined, skipped);
  };
  return { classes, shape, hasTest, images, skipped: skipped.names };
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
  { path, size, channels }: ImageSourceOptions,
  skipped: Skipped,
): Promise<ImageShape> {
  let first: ImageShape | undefined = size && channels && { ...size, channels };
  if (first) return first;
  const measuring = inOrder(collection.pictures("train"), AHEAD, async ({ source, bytes }) => {
    try {
      const encoded = await bytes();
      return { source, encoded, shape: await measurePicture(encoded, source) };
    } catch (error) {
      skipped.add(source, error);
      return undefined;
    }
  });
  for await (const picture of measuring) {
    const decides = picture && (first === undefined || picture.shape.channels === 3);
    if (!decides || (await isSkipped(picture, { ...picture.shape, ...size }, skipped))) continue;
    first ??= picture.shape;
    if (channels !== undefined) break;
    if (picture.shape.channels === 3) return { ...first, channels: 3 };
  }
  if (first) return first;
  throw nothingReadable(path, skipped.names);
}

/** Decodes several at once; those that cannot be decoded are passed over, or thrown in their turn. */
async function* decoded(
  collection: PictureCollection,
  split: Split,
  shape: ImageShape,
  isOwnSize: boolean,
  skipped: Skipped,
): AsyncGenerator<LabelledImage> {
  let reference: string | undefined;
  const decoding = inOrder(collection.pictures(split), AHEAD, async ({ source, label, bytes }) => {
    try {
      const encoded = await bytes();
      const own = isOwnSize ? await measurePicture(encoded, source) : shape;
      const isExpected = own.height === shape.height && own.width === shape.width;
      // Not decoded here: several large ones would fill the memory.
      if (!isExpected) return { source, encoded, shape: own };
      return { source, label, pixels: await decodeImage(encoded, source, shape) };
    } catch (error) {
      return { source, error };
    }
  });
  for await (const picture of decoding) {
    if (picture.pixels) {
      reference ??= picture.source;
      yield picture;
    } else if (picture.encoded) {
      if (!(await isSkipped(picture, shape, skipped))) throw otherSize(picture, shape, reference);
    } else skipped.add(picture.source, picture.error);
  }
  if (reference === undefined) throw nothingReadable(split, skipped.names);
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

function otherSize(
  { source, shape }: MeasuredPicture,
  { height, width }: ImageShape,
  reference = "the first one",
): DataError {
  return new DataError(
    "the images are of different sizes (height x width)",
    `${reference} is ${height} x ${width}, ${source} is ${shape.height} x ${shape.width}`,
    `set features.size, for example to ${height} x ${width}: images are then cropped and resized to it`,
  );
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
