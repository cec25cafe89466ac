/**
 * Images as rows of patches and back. Rows are patch first, [p b, d], as `selfAttention` wants them;
 * a row holds one patch in the order channel, y, x, which is the order of a convolution's kernel.
 */
import { divideSizes, known, multiplySizes, type Size } from "../core/graph/size.js";
import { constant, ShapeError, type Tensor } from "../core/graph/tensor.js";
import { gemm } from "../core/ops/matmul.js";
import { reshape, transpose } from "../core/ops/movement.js";
import type { Parameters } from "./parameter.js";

/** A patch's side in pixels, or its height and width. */
export type PatchSize = number | readonly [height: number, width: number];

/** A patch's height and width in pixels. */
export const sidesOf = (size: PatchSize): readonly [height: number, width: number] =>
  typeof size === "number" ? [size, size] : size;

/** Rows [p b, c y x] of images [b, c, h, w]. Throws `ShapeError` when patches of this size do not cover them. */
export function patchify(images: Tensor<"b c h w">, size: PatchSize): Tensor<"n d"> {
  const [batch, channels, height, width] = images.shape;
  const [rows, columns] = grid(known(height), known(width), size);
  const [down, across] = sidesOf(size);
  const apart = reshape(images, [batch, channels, rows, down, columns, across]);
  const patches = transpose(apart, [2, 4, 0, 1, 3, 5]); // rows columns b c y x
  return reshape(patches, [multiplySizes(rows * columns, batch), multiplySizes(channels, down * across)]);
}

/**
 * A linear layer over the patches [p b, width] of images, written as the product that the checkpoint's
 * convolution with the patch as its stride is: `layer`.weight is [width, c, y, x]. [Dosovitskiy et al. 2021]
 */
export function patchEmbedding(p: Parameters, images: Tensor<"b c h w">, layer: string): Tensor<"n c"> {
  const kernel = p(`${layer}.weight`);
  const [width, channels, down, across] = kernel.shape.map(known);
  const weight = reshape(kernel, [width, channels * down * across]);
  return gemm(patchify(images, [down, across]), weight, { transB: true, c: p(`${layer}.bias`) });
}

/** Sizes of a batch of images and of the patches they are cut into. */
export interface PatchLayout {
  readonly batch: Size;
  readonly channels: number;
  readonly height: number;
  readonly width: number;
  readonly size: PatchSize;
}

/** The images [b, c, h, w] that `patchify` made these rows of. */
export function unpatchify(
  rows: Tensor<"n d">,
  { batch, channels, height, width, size }: PatchLayout,
): Tensor<"b c h w"> {
  const patches = reshape(rows, [...grid(height, width, size), batch, channels, ...sidesOf(size)]);
  return reshape(transpose(patches, [2, 3, 0, 4, 1, 5]), [batch, channels, height, width]);
}

/** Images [b, c, h, w] as [b, c size size, h / size, w / size]. Throws `ShapeError` as `patchify`. */
export function patchesAsChannels(images: Tensor<"b c h w">, size: number): Tensor<"b c h w"> {
  if (size === 1) return images;
  const [batch, channels, height, width] = images.shape;
  const [rows, columns] = grid(known(height), known(width), size);
  const apart = reshape(images, [batch, channels, rows, size, columns, size]);
  const patches = transpose(apart, [0, 1, 3, 5, 2, 4]); // b c y x rows columns
  return reshape(patches, [batch, multiplySizes(channels, size * size), rows, columns]);
}

/** The images that `patchesAsChannels` made these of. */
export function channelsAsPatches(patches: Tensor<"b c h w">, size: number): Tensor<"b c h w"> {
  if (size === 1) return patches;
  const [batch, pixels, rows, columns] = patches.shape;
  const channels = divideSizes(pixels, size * size);
  const apart = reshape(patches, [batch, channels, size, size, rows, columns]);
  const images = transpose(apart, [0, 1, 4, 2, 5, 3]); // b c rows y columns x
  return reshape(images, [batch, channels, multiplySizes(rows, size), multiplySizes(columns, size)]);
}

/**
 * Fixed positions [rows columns, 1, width] of patches, row by row: the first half of the width writes the column,
 * the second the row, each as sines, then cosines, at periods up to 10,000. [MAE: He et al. 2022; DiT's code]
 */
export function patchPositions(rows: number, columns: number, width: number): Tensor<"t b c"> {
  const waves = width / 4;
  const wave = (position: number, i: number) => position / 10_000 ** ((i % waves) / waves);
  const values = Float32Array.from({ length: rows * columns * width }, (_, at) => {
    const patch = Math.floor(at / width);
    const i = at % width;
    const angle = wave(i < width / 2 ? patch % columns : Math.floor(patch / columns), i);
    return i % (width / 2) < waves ? Math.sin(angle) : Math.cos(angle);
  });
  return constant(values, [rows * columns, 1, width]);
}

function grid(height: number, width: number, size: PatchSize): [rows: number, columns: number] {
  const [down, across] = sidesOf(size);
  if (height % down === 0 && width % across === 0) return [height / down, width / across];
  throw new ShapeError(
    "patches do not cover the image",
    `${height} x ${width} pixels in patches of ${down} x ${across}`,
    "choose a patch size that divides height and width",
  );
}
