import { constant, type Tensor } from "../core/graph/tensor.js";
import { cos, mul, sin } from "../core/ops/elementwise.js";
import { reshape } from "../core/ops/movement.js";
import { concat } from "../core/ops/slice.js";
import { silu } from "./activation.js";
import { linearWithBias } from "./linear.js";
import { filled, type Init, normal, type Parameter, type Parameters } from "./parameter.js";

/** Width of the sinusoids that a time is written in. */
const frequencyWidth = 256;
const longestPeriod = 10_000;
/** Times from 0 to 1 are spread over the steps that the sinusoids were made for (Ho et al. 2020: 1000). */
const timeScale = 1000;

/**
 * A vector for each time from 0 to 1, [b, width]: cosines and sines of 1000 time at periods up to 10,000,
 * through linear, SiLU, linear. `layer`.mlp.0 and `layer`.mlp.2 are the linear layers, as DiT's code names
 * them. [Ho et al. 2020, appendix B; Peebles & Xie 2023]
 */
export function timeEmbedding(p: Parameters, time: Tensor<"b">, layer: string): Tensor<"b c"> {
  const hidden = silu(linearWithBias(p, sinusoids(time, frequencyWidth), `${layer}.mlp.0`));
  return linearWithBias(p, hidden, `${layer}.mlp.2`);
}

/** The parameters of `timeEmbedding`; matrices start as `init`, which DiT draws with deviation 0.02. */
export function timeEmbeddingParameters(
  layer: string,
  width: number,
  init: Init = normal(0.02),
): Parameter[] {
  const linear = (name: string, inputs: number): Parameter[] => [
    { name: `${name}.weight`, shape: [width, inputs], role: "matrix", init, inputAxis: 1 },
    { name: `${name}.bias`, shape: [width], role: "vector", init: filled(0) },
  ];
  return [...linear(`${layer}.mlp.0`, frequencyWidth), ...linear(`${layer}.mlp.2`, width)];
}

/** [cos, sin] of 1000 time times geometrically falling frequencies, [b, width]. */
function sinusoids(time: Tensor<"b">, width: number): Tensor<"b c"> {
  const half = width / 2;
  const frequencies = Float32Array.from({ length: half }, (_, i) => timeScale * longestPeriod ** (-i / half));
  const angles = mul(reshape(time, [time.shape[0], 1]), constant(frequencies, [1, half]));
  return concat([cos(angles), sin(angles)], 1);
}
