import { divideSizes, multiplySizes, sizeOf } from "../core/graph/size.js";
import type { Tensor } from "../core/graph/tensor.js";
import { add, div, mul, sqrt, sub } from "../core/ops/elementwise.js";
import { reshape } from "../core/ops/movement.js";
import { moments } from "../core/ops/reduce.js";
import { filled, type Parameter, type Parameters } from "./parameter.js";

const epsilon = 1e-5;

/**
 * (x - mean) / sqrt(variance + 1e-5) * weight + bias for x [b, c, ...spatial], with the mean and variance of
 * each image's group of neighbouring channels, and `layer`.weight and `layer`.bias [c]. [Wu & He 2018]
 */
export function groupNorm<S extends string>(
  p: Parameters,
  x: Tensor<S>,
  layer: string,
  groups: number,
): Tensor<S> {
  const [batch, channels, ...spatial] = x.shape;
  const apart = reshape(x, [batch, groups, multiplySizes(divideSizes(channels, groups), sizeOf(spatial))]);
  const { mean, variance } = moments(apart, [-1]);
  const normalised = reshape(div(sub(apart, mean), sqrt(add(variance, epsilon))), x.shape);
  const perChannel = (name: string) => reshape(p(name), [1, channels, ...spatial.map(() => 1)]);
  return add(mul(normalised, perChannel(`${layer}.weight`)), perChannel(`${layer}.bias`));
}

export function groupNormParameters(layer: string, channels: number): Parameter[] {
  return [
    { name: `${layer}.weight`, shape: [channels], role: "vector", init: filled(1) },
    { name: `${layer}.bias`, shape: [channels], role: "vector", init: filled(0) },
  ];
}
