/** What models draw as bytes, alone or beside each other. */
import type { ImageShape } from "../../data/images/image.js";
import { GenerationError } from "../errors.js";

/** Bytes [channels, height, width]. */
export interface Picture extends ImageShape {
  readonly pixels: Uint8Array;
}

/** Values from -1 to 1 as bytes; what lies outside is clipped. */
export function toPixels(values: Float32Array): Uint8Array {
  // A clamped array rounds half to even and clips.
  return new Uint8Array(Uint8ClampedArray.from(values, (v) => (v + 1) * 127.5).buffer);
}

export interface GridOptions {
  /** Default: as many as make the grid a square. */
  readonly columns?: number;
  /** White pixels between images and around them; default 2. */
  readonly padding?: number;
}

/**
 * Images [n, c, h, w] with values from -1 to 1 beside each other, row by row. Throws `GenerationError` when the values
 * are no whole number of images.
 */
export function imageGrid(
  images: Float32Array,
  { channels, height, width }: ImageShape,
  { padding = 2, ...options }: GridOptions = {},
): Picture {
  const count = images.length / (channels * height * width);
  if (!Number.isInteger(count) || count === 0) {
    throw new GenerationError(
      "images do not fill their shape",
      `${images.length} values for images of [${channels}, ${height}, ${width}]`,
      "give one or more whole images",
    );
  }
  const columns = options.columns ?? Math.ceil(Math.sqrt(count));
  const gridHeight = padding + Math.ceil(count / columns) * (height + padding);
  const gridWidth = padding + columns * (width + padding);
  const pixels = new Uint8Array(channels * gridHeight * gridWidth).fill(255);
  const bytes = toPixels(images);
  for (let line = 0; line < count * channels * height; line++) {
    const [plane, row] = [Math.floor(line / height), line % height];
    const [image, channel] = [Math.floor(plane / channels), plane % channels];
    const top = padding + Math.floor(image / columns) * (height + padding) + row;
    const left = padding + (image % columns) * (width + padding);
    const target = (channel * gridHeight + top) * gridWidth + left;
    pixels.set(bytes.subarray(line * width, (line + 1) * width), target);
  }
  return { pixels, channels, height: gridHeight, width: gridWidth };
}
