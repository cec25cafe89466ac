import sharp, { type Sharp } from "sharp";
import { DataError } from "../../files/errors.js";
import type { ImageShape } from "./image.js";

/** One picture cannot be used: no image, cut short, empty, or too many pixels. */
export class ImageError extends DataError {}

/** More than any camera's picture of today; a small file can announce far more, and would fill the memory. */
export const MAX_PIXELS = 200_000_000;

/** How every advice on a bad picture ends: it may be one of a set, or the only one that a command was given. */
export const orSkip = "or, in training, pass over such pictures with --data.onCorrupt skip";

/** How files of pictures begin: PNG, JPEG, WebP, GIF, TIFF (and BigTIFF) of either byte order, AVIF. */
const SIGNATURES = [
  /^\x89PNG\r\n/,
  /^\xff\xd8\xff/,
  /^RIFF[\s\S]{4}WEBP/,
  /^GIF8[79]a/,
  /^(II[*+]\0|MM\0[*+])/,
  /^[\s\S]{4}ftyp([\s\S]{4})*avi[fs]/,
];
const BEGINNING_BYTES = 64;
const JPEG_BEGINS = 0xff;
/** How many pixels of a side JPEG's decoder makes one at most. */
const MOST_HALVED = 8;

/**
 * One picture as bytes [c, h, w]: a PNG, JPEG, WebP, GIF, AVIF or TIFF, of several frames or pages the first, upright by
 * its EXIF tag, in 8-bit sRGB or grey, what is transparent white; cropped about the centre to the aspect ratio of
 * `shape`, and resized, in whatever format, to the same place. `own` is what `measurePicture` said, where it was asked.
 * @throws ImageError naming `source`.
 */
export async function decodeImage(
  bytes: Uint8Array,
  source: string,
  shape: ImageShape,
  own?: ImageShape,
): Promise<Uint8Array> {
  return readable(bytes, source, async () => pixelsOf(await inPlace(bytes, shape, own), shape));
}

/** The same with all of the picture stretched to the shape: sides need not keep their ratio. */
export async function stretchImage(
  bytes: Uint8Array,
  source: string,
  shape: ImageShape,
): Promise<Uint8Array> {
  return readable(bytes, source, async () => pixelsOf(await inPlace(bytes, shape, undefined), shape, "fill"));
}

/** A decoded picture, of which parts are asked for. */
export interface OpenedPicture {
  /** Upright. */
  readonly width: number;
  readonly height: number;
  /** A part of it as bytes [c, h, w], stretched to the shape. */
  part(
    of: { left: number; top: number; width: number; height: number },
    shape: ImageShape,
  ): Promise<Uint8Array>;
}

/** Decodes a picture into memory, three bytes a pixel. Throws `ImageError` naming `source`. */
export async function openPicture(bytes: Uint8Array, source: string): Promise<OpenedPicture> {
  const { data, info } = await readable(bytes, source, () =>
    opened(bytes)
      .flatten({ background: "#ffffff" })
      .toColourspace("srgb")
      .raw({ depth: "uchar" })
      .toBuffer({ resolveWithObject: true }),
  );
  const { width, height, channels } = info;
  return {
    ...{ width, height },
    part: (of, shape) =>
      pixelsOf(
        sharp(data, { raw: { width, height, channels }, limitInputPixels: false }).extract(of),
        shape,
        "fill",
      ),
  };
}

/** Decodes all of a picture without keeping it. Throws `ImageError` naming `source`. */
export async function verifyPicture(bytes: Uint8Array, source: string): Promise<void> {
  await decodeImage(bytes, source, { channels: 3, height: 1, width: 1 });
}

/** The size and channels that a picture has once upright and without alpha, from its header alone. */
export async function measurePicture(bytes: Uint8Array, source: string): Promise<ImageShape> {
  return readable(bytes, source, async () => {
    const { autoOrient, channels, space } = await opened(bytes).metadata();
    const isGrey = channels <= 2 && (space === "b-w" || space === "grey16");
    return { channels: isGrey ? 1 : 3, height: autoOrient.height, width: autoOrient.width };
  });
}

/** Pixels [c, h, w] at another size or with other channels, as `decodeImage` would make them. */
export async function reshapePixels(
  pixels: Uint8Array,
  from: ImageShape,
  target: ImageShape,
): Promise<Uint8Array> {
  const { height, width } = from;
  const channels = from.channels as 1 | 3;
  const image = sharp(interleaved(pixels, channels), { raw: { height, width, channels } });
  return pixelsOf(image, target);
}

export function opened(bytes: Uint8Array): Sharp {
  return sharp(bytes, { failOn: "error", limitInputPixels: MAX_PIXELS, autoOrient: true });
}

/**
 * A picture that can be resized where it stands. JPEG's decoder may halve it up to three times on the way, which moves
 * what it shows unless the sides divide by as much. Only a picture of which a part is asked for is spared that, and the
 * part may be all of it.
 */
async function inPlace(bytes: Uint8Array, target: ImageShape, own: ImageShape | undefined): Promise<Sharp> {
  const image = opened(bytes);
  if (bytes[0] !== JPEG_BEGINS) return image;
  const { height, width } = own ?? (await image.metadata()).autoOrient;
  const isHalved = height > target.height && width > target.width;
  const isMoved = isHalved && (height % MOST_HALVED !== 0 || width % MOST_HALVED !== 0);
  return isMoved ? image.extract({ left: 0, top: 0, height, width }) : image;
}

async function pixelsOf(
  image: Sharp,
  { channels, height, width }: ImageShape,
  fit: "cover" | "fill" = "cover",
): Promise<Uint8Array> {
  const made = image
    .flatten({ background: "#ffffff" })
    // WebP's decoder would shrink it as well.
    .resize({ height, width, fit, fastShrinkOnLoad: false })
    .toColourspace(channels === 1 ? "b-w" : "srgb");
  const { data, info } = await made.raw({ depth: "uchar" }).toBuffer({ resolveWithObject: true });
  if (info.channels !== channels) throw new Error(`it decodes to ${info.channels} channels, not ${channels}`);
  return planar(data, channels);
}

/** [h, w, c] to [c, h, w] */
function planar(data: Uint8Array, channels: number): Uint8Array {
  const plane = data.length / channels;
  const pixels = new Uint8Array(data.length);
  for (let c = 0; c < channels; c++) {
    for (let i = 0, at = c; i < plane; i++, at += channels) pixels[c * plane + i] = data[at];
  }
  return pixels;
}

/** [c, h, w] to [h, w, c] */
function interleaved(pixels: Uint8Array, channels: number): Uint8Array {
  const plane = pixels.length / channels;
  const data = new Uint8Array(pixels.length);
  for (let c = 0; c < channels; c++) {
    for (let i = 0, at = c; i < plane; i++, at += channels) data[at] = pixels[c * plane + i];
  }
  return data;
}

export async function readable<T>(bytes: Uint8Array, source: string, read: () => Promise<T>): Promise<T> {
  requirePicture(bytes, source);
  try {
    return await read();
  } catch (error) {
    const cause = error as Error;
    if (/pixel limit/i.test(cause.message)) throw await tooLarge(bytes, source);
    throw new ImageError(
      "a picture is damaged or cut short",
      `${source}: ${reasonOf(cause)}`,
      `fetch it again, remove it, ${orSkip}`,
      { cause },
    );
  }
}

/** libvips keeps one text of errors for all threads: another picture's decoding may have emptied it. */
function reasonOf({ message }: Error): string {
  const reason = message.split("\n")[0].replace(/:$/, "");
  return reason === "Unknown error" ? "its bytes are cut short or damaged" : reason;
}

/** Other formats that the decoder would take, such as SVG, can name further files: they stay outside. */
function requirePicture(bytes: Uint8Array, source: string): void {
  if (bytes.length === 0) {
    throw new ImageError("a picture is empty", `${source}: 0 bytes`, `fetch it again, remove it, ${orSkip}`);
  }
  const start = String.fromCharCode(...bytes.subarray(0, BEGINNING_BYTES));
  if (SIGNATURES.some((signature) => signature.test(start))) return;
  throw new ImageError(
    "a file is no PNG, JPEG, WebP, GIF, AVIF or TIFF picture",
    `${source} begins with ${JSON.stringify(start.slice(0, 12))}`,
    `convert it, remove it, ${orSkip}`,
  );
}

async function tooLarge(bytes: Uint8Array, source: string): Promise<ImageError> {
  const { height, width } = await sharp(bytes, { limitInputPixels: false }).metadata();
  return new ImageError(
    "a picture has too many pixels",
    `${source}: ${height} x ${width} = ${height * width} pixels, over the limit of ${MAX_PIXELS}`,
    `make it smaller, remove it, ${orSkip}`,
  );
}
