import sharp, { type Sharp } from "sharp";
import { DataError } from "../../files/errors.js";
import type { ImageShape } from "./image.js";

/** One picture cannot be used: no image, cut short, empty, or too many pixels. */
export class ImageError extends DataError {}

/** More than any camera's picture of today; a small file can announce far more, and would fill the memory. */
export const MAX_PIXELS = 200_000_000;

/** How every advice on a bad picture ends: it may be one of a set, or the only one that a command was given. */
export const orSkip = "or, in training, pass over such pictures with --data.onCorrupt skip";

/** How PNG and JPEG files begin. */
const SIGNATURES = ["\x89PNG\r\n\x1a\n", "\xff\xd8\xff"];

/**
 * One picture as bytes [c, h, w]: a PNG, JPEG or WebP upright by its EXIF tag, in 8-bit sRGB or grey, what is
 * transparent white; cropped about the centre to the aspect ratio of `shape`, and resized.
 * @throws ImageError naming `source`.
 */
export async function decodeImage(bytes: Uint8Array, source: string, shape: ImageShape): Promise<Uint8Array> {
  return readable(bytes, source, () => pixelsOf(opened(bytes), shape));
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

function opened(bytes: Uint8Array): Sharp {
  return sharp(bytes, { failOn: "error", limitInputPixels: MAX_PIXELS, autoOrient: true });
}

async function pixelsOf(image: Sharp, { channels, height, width }: ImageShape): Promise<Uint8Array> {
  const made = image
    .flatten({ background: "#ffffff" })
    .resize({ height, width, fit: "cover" })
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

async function readable<T>(bytes: Uint8Array, source: string, read: () => Promise<T>): Promise<T> {
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
  const start = String.fromCharCode(...bytes.subarray(0, 12));
  const isWebp = start.startsWith("RIFF") && start.startsWith("WEBP", 8);
  if (isWebp || SIGNATURES.some((signature) => start.startsWith(signature))) return;
  throw new ImageError(
    "a file is no PNG, JPEG or WebP picture",
    `${source} begins with ${JSON.stringify(start)}`,
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
