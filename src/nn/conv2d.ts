import { known } from "../core/graph/size.js";
import type { Tensor } from "../core/graph/tensor.js";
import { conv } from "../core/ops/convolution.js";
import { filled, type Init, type Parameter, type Parameters } from "./parameter.js";

/**
 * A convolution with `layer`.weight [out, in, k, k] as PyTorch's `Conv2d` keeps it, padded so that a stride of
 * one keeps the image's size.
 */
export function conv2d(
  p: Parameters,
  x: Tensor<"b c h w">,
  layer: string,
  stride = 1,
  bias?: Tensor,
): Tensor<"b c h w"> {
  const weight = p(`${layer}.weight`);
  return conv(x, weight, { stride, padding: (known(weight.shape[2]) - 1) / 2, bias });
}

/** `conv2d` with `layer`.bias [out] added. */
export function conv2dWithBias(
  p: Parameters,
  x: Tensor<"b c h w">,
  layer: string,
  stride = 1,
): Tensor<"b c h w"> {
  return conv2d(p, x, layer, stride, p(`${layer}.bias`));
}

/** The parameter of `conv2d`. */
export function conv2dParameters(
  layer: string,
  [outputs, inputs, kernel]: readonly [number, number, number],
  init: Init,
): Parameter[] {
  return [{ name: `${layer}.weight`, shape: [outputs, inputs, kernel, kernel], role: "matrix", init }];
}

/** The parameters of `conv2dWithBias`. */
export function conv2dWithBiasParameters(
  layer: string,
  sizes: readonly [number, number, number],
  init: Init,
): Parameter[] {
  const bias: Parameter = { name: `${layer}.bias`, shape: [sizes[0]], role: "vector", init: filled(0) };
  return [...conv2dParameters(layer, sizes, init), bias];
}
