/** Writes pictures as files that others read. Node alone: sharp does the work. */
import sharp, { type CreateRaw } from "sharp";
import type { ImageShape } from "./image.js";

/** A picture of bytes [channels, height, width], with 1 or 3 channels, as a PNG file. */
export async function encodePng(pixels: Uint8Array, shape: ImageShape): Promise<Uint8Array> {
  const { channels, height, width } = shape;
  const image = sharp(interleaved(pixels, shape), {
    raw: { channels: channelCount(channels), height, width },
    limitInputPixels: false,
  });
  return image
    .toColourspace(channels === 1 ? "b-w" : "srgb")
    .png()
    .toBuffer();
}

/**
 * Pictures of one shape as an animated WebP file that starts again for ever. Each is shown for `delayMs`, the last for
 * `lastDelayMs`.
 */
export async function encodeAnimation(
  frames: readonly Uint8Array[],
  shape: ImageShape,
  { delayMs = 80, lastDelayMs = 2000 } = {},
): Promise<Uint8Array> {
  const { channels, height, width } = shape;
  const tall = Buffer.concat(frames.map((pixels) => interleaved(pixels, shape)));
  const raw: CreateRaw = {
    channels: channelCount(channels),
    height: height * frames.length,
    width,
    pageHeight: height,
  };
  const delay = frames.map((_, i) => (i === frames.length - 1 ? lastDelayMs : delayMs));
  return sharp(tall, { raw, limitInputPixels: false }).webp({ quality: 90, loop: 0, delay }).toBuffer();
}

const channelCount = (channels: number): 1 | 3 => (channels === 1 ? 1 : 3);

/** [c, h, w] as [h, w, c]. */
function interleaved(pixels: Uint8Array, { channels, height, width }: ImageShape): Uint8Array {
  const plane = height * width;
  return pixels.map((_, i) => pixels[(i % channels) * plane + Math.floor(i / channels)]);
}
