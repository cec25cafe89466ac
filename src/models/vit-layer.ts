/** The layer of which vision transformers are stacked, with Hugging Face's names; rows are token first, [t b, c]. */
import type { Size } from "../core/graph/size.js";
import type { Tensor } from "../core/graph/tensor.js";
import { add } from "../core/ops/elementwise.js";
import { layerNorm } from "../core/ops/normalise.js";
import { slice } from "../core/ops/slice.js";
import { gelu } from "../nn/activation.js";
import { selfAttention } from "../nn/attention.js";
import { feedForward } from "../nn/feed-forward.js";
import { linearWithBias } from "../nn/linear.js";
import { filled, type Parameter, type Parameters, uniform } from "../nn/parameter.js";

/** Hugging Face's default, smaller than PyTorch's. */
export const layerNormEpsilon = 1e-12;

export function vitNorm(p: Parameters, x: Tensor<"n c">, name: string): Tensor<"n c"> {
  return layerNorm(x, p(`${name}.weight`), p(`${name}.bias`), layerNormEpsilon);
}

export interface VitLayerOptions {
  readonly numHeads: number;
  readonly batch: Size;
  /** Of how many rows, counted from the first, the result is wanted; default all. */
  readonly rows?: Size;
}

/** y = x + attention(norm(x)), then y + mlp(norm(y)). [Dosovitskiy et al. 2021, equations 2 and 3] */
export function vitLayer(
  p: Parameters,
  x: Tensor<"n c">,
  name: string,
  { numHeads, batch, rows = x.shape[0] }: VitLayerOptions,
): Tensor<"n c"> {
  const wanted = (all: Tensor<"n c">) => slice<"n c">(all, 0, 0, rows);
  const before = vitNorm(p, x, `${name}.layernorm_before`);
  const project = (from: Tensor<"n c">, to: string) =>
    linearWithBias(p, from, `${name}.attention.attention.${to}`);
  const [q, k, v] = [project(wanted(before), "query"), project(before, "key"), project(before, "value")];
  const mixed = selfAttention(q, k, v, { numHeads, batch });
  const y = add(wanted(x), linearWithBias(p, mixed, `${name}.attention.output.dense`));
  const mlp = { up: `${name}.intermediate.dense`, down: `${name}.output.dense`, activation: gelu };
  return add(y, feedForward(p, vitNorm(p, y, `${name}.layernorm_after`), mlp));
}

/** Weight [out, in], uniform so that signals keep their size both ways, and bias. [Glorot & Bengio 2010] */
export function linearParameters(name: string, inputs: number, outputs: number): Parameter[] {
  const init = uniform(Math.sqrt(6 / (inputs + outputs)));
  return [
    { name: `${name}.weight`, shape: [outputs, inputs], role: "matrix", init, inputAxis: 1 },
    { name: `${name}.bias`, shape: [outputs], role: "vector", init: filled(0) },
  ];
}

export function normParameters(name: string, width: number): Parameter[] {
  return [
    { name: `${name}.weight`, shape: [width], role: "vector", init: filled(1) },
    { name: `${name}.bias`, shape: [width], role: "vector", init: filled(0) },
  ];
}

export function vitLayerParameters(name: string, width: number, mlpWidth: number): Parameter[] {
  return [
    ...["query", "key", "value"].flatMap((to) =>
      linearParameters(`${name}.attention.attention.${to}`, width, width),
    ),
    ...linearParameters(`${name}.attention.output.dense`, width, width),
    ...linearParameters(`${name}.intermediate.dense`, width, mlpWidth),
    ...linearParameters(`${name}.output.dense`, mlpWidth, width),
    ...normParameters(`${name}.layernorm_before`, width),
    ...normParameters(`${name}.layernorm_after`, width),
  ];
}
