/**
 * The layers of which T5 is stacked, with Hugging Face's names: attention over the sequence itself, in the decoder also
 * over the encoder's states, and a feed-forward network, each over a norm. Rows are token first, [t b, c].
 */
import { known, multiplySizes, type Size } from "../core/graph/size.js";
import type { Tensor } from "../core/graph/tensor.js";
import { add, mul, relu } from "../core/ops/elementwise.js";
import { reshape, transpose } from "../core/ops/movement.js";
import { geluTanh } from "../nn/activation.js";
import { attend, cachedAttention, type KeysAndValues, selfAttention } from "../nn/attention.js";
import type { Dropout } from "../nn/dropout.js";
import { linear } from "../nn/linear.js";
import { rmsNorm } from "../nn/norm.js";
import { filled, normal, type Parameter, type Parameters } from "../nn/parameter.js";

/** The feed-forward networks of T5 1.0 and of T5 1.1, as Hugging Face's configurations call them. */
export const feedForwards = ["relu", "gated-gelu"] as const;
export type FeedForwardKind = (typeof feedForwards)[number];

/** What every layer has to know of its model. */
export interface T5LayerSizes {
  readonly width: number;
  readonly numHeads: number;
  readonly headWidth: number;
  readonly hiddenWidth: number;
  readonly feedForward: FeedForwardKind;
  /** Of norms. */
  readonly epsilon: number;
}

/** What a layer sees of its own sequence. */
export interface T5Sequence {
  readonly batch: Size;
  /** See `attend`. */
  readonly mask: Tensor;
  /** By distance: [h, t, s]. */
  readonly bias: Tensor;
}

/** What a layer of the decoder sees of the source. */
export interface T5Source {
  /** The encoder's states, [s b, c]. */
  readonly rows: Tensor<"n c">;
  /** [b, 1, 1, s]: hides padding. */
  readonly mask: Tensor;
}

/** Attention is not scaled by the heads' width. */
const scale = 1;

export const t5Norm = <S extends string>(p: Parameters, x: Tensor<S>, name: string, epsilon: number) =>
  rmsNorm(x, p(`${name}.weight`), epsilon);

/** A layer; `drop` drops out the values of its first, second, third branch. With `source` it is the decoder's. */
export function t5Layer(
  p: Parameters,
  x: Tensor<"n c">,
  name: string,
  sizes: T5LayerSizes,
  { sequence, source, drop }: { sequence: T5Sequence; source?: T5Source; drop: Dropout },
): Tensor<"n c"> {
  const own = attention(p, x, `${name}.layer.0`, sizes, sequence);
  const mixed = add(x, drop(own, 0));
  const seen = source
    ? add(mixed, drop(crossAttention(p, mixed, `${name}.layer.1`, sizes, sequence, source), 1))
    : mixed;
  const last = source ? 2 : 1;
  return add(seen, drop(network(p, seen, `${name}.layer.${last}`, sizes), last));
}

function attention(
  p: Parameters,
  x: Tensor<"n c">,
  name: string,
  { numHeads, headWidth, epsilon }: T5LayerSizes,
  { batch, mask, bias }: T5Sequence,
): Tensor<"n c"> {
  const normed = t5Norm(p, x, `${name}.layer_norm`, epsilon);
  const [q, k, v] = ["q", "k", "v"].map((to) => linear(p, normed, `${name}.SelfAttention.${to}`));
  const mixed = selfAttention(q, k, v, { numHeads, headWidth, batch, scale, bias }, mask);
  return linear(p, mixed, `${name}.SelfAttention.o`);
}

function crossAttention(
  p: Parameters,
  x: Tensor<"n c">,
  name: string,
  { numHeads, headWidth, epsilon }: T5LayerSizes,
  { batch }: T5Sequence,
  { rows, mask }: T5Source,
): Tensor<"n c"> {
  const q = linear(p, t5Norm(p, x, `${name}.layer_norm`, epsilon), `${name}.EncDecAttention.q`);
  const [k, v] = ["k", "v"].map((to) => linear(p, rows, `${name}.EncDecAttention.${to}`));
  const mixed = selfAttention(q, k, v, { numHeads, headWidth, batch, scale }, mask);
  return linear(p, mixed, `${name}.EncDecAttention.o`);
}

function network(p: Parameters, x: Tensor, name: string, { feedForward, epsilon }: T5LayerSizes): Tensor {
  const normed = t5Norm(p, x, `${name}.layer_norm`, epsilon);
  const to = (layer: string) => linear(p, normed, `${name}.DenseReluDense.${layer}`);
  const hidden = feedForward === "relu" ? relu(to("wi")) : mul(geluTanh(to("wi_0")), to("wi_1"));
  return linear(p, hidden, `${name}.DenseReluDense.wo`);
}

/** Keys and values [b, h, s, d] that a layer's attention `name` makes of states [b, s, c]. */
export function t5KeysAndValues(
  p: Parameters,
  x: Tensor,
  name: string,
  { numHeads, headWidth }: Pick<T5LayerSizes, "numHeads" | "headWidth">,
): KeysAndValues {
  const [keys, values] = ["k", "v"].map((to) =>
    splitHeads(linear(p, x, `${name}.${to}`), numHeads, headWidth),
  );
  return { keys, values };
}

/** What a decoder's layer reads for new tokens beside their states; biases are [b, h or 1, t, keys]. */
export interface T5Cache {
  readonly past: KeysAndValues;
  readonly bias: Tensor;
  readonly memory: KeysAndValues;
  readonly memoryBias: Tensor;
}

/** A layer of the decoder for new tokens' states [b, t, c], and their own keys and values. */
export function t5CachedLayer(
  p: Parameters,
  x: Tensor<"b t c">,
  name: string,
  sizes: T5LayerSizes,
  { past, bias, memory, memoryBias }: T5Cache,
): { states: Tensor<"b t c">; fresh: KeysAndValues } {
  const { numHeads, headWidth, epsilon } = sizes;
  const [own, other] = [`${name}.layer.0`, `${name}.layer.1`];
  const queries = (normed: Tensor, layer: string) =>
    splitHeads(linear(p, normed, `${layer}.q`), numHeads, headWidth);
  const output = (mixed: Tensor, layer: string) => linear(p, joinHeads(mixed), `${layer}.o`);

  const normed = t5Norm(p, x, `${own}.layer_norm`, epsilon);
  const fresh = t5KeysAndValues(p, normed, `${own}.SelfAttention`, sizes);
  const q = queries(normed, `${own}.SelfAttention`);
  const mixed = add(x, output(cachedAttention(q, past, fresh, bias, scale), `${own}.SelfAttention`));

  const asked = queries(t5Norm(p, mixed, `${other}.layer_norm`, epsilon), `${other}.EncDecAttention`);
  const flat = (heads: Tensor) =>
    reshape(heads, [multiplySizes(heads.shape[0], numHeads), ...heads.shape.slice(2)]);
  const found = attend(flat(asked), flat(memory.keys), flat(memory.values), memoryBias);
  const seen = add(mixed, output(reshape(found, asked.shape), `${other}.EncDecAttention`));
  return { states: add(seen, network(p, seen, `${name}.layer.2`, sizes)), fresh };
}

/** [b, t, h d] to [b, h, t, d]. */
function splitHeads(x: Tensor, numHeads: number, headWidth: number): Tensor {
  return transpose(reshape(x, [x.shape[0], x.shape[1], numHeads, headWidth]), [0, 2, 1, 3]);
}

/** [b, h, t, d] to [b, t, h d]. */
function joinHeads(x: Tensor): Tensor {
  const [batch, numHeads, time, headWidth] = x.shape;
  return reshape(transpose(x, [0, 2, 1, 3]), [batch, time, known(numHeads) * known(headWidth)]);
}

/**
 * Matrices are normal with deviation 1 / sqrt(fan-in), queries smaller by sqrt(headWidth), as scores are not scaled;
 * projections back into the residual stream start at zero, so that every layer starts as the identity (Yang et al.
 * 2022).
 */
export function t5LayerParameters(
  name: string,
  { width, numHeads, headWidth, hiddenWidth, feedForward }: T5LayerSizes,
  isDecoder: boolean,
): Parameter[] {
  const inner = numHeads * headWidth;
  const matrix = (layer: string, rows: number, columns: number, std = 1 / Math.sqrt(columns)): Parameter => ({
    name: `${name}.${layer}.weight`,
    shape: [rows, columns],
    role: "matrix",
    init: std === 0 ? filled(0) : normal(std),
    inputAxis: 1,
  });
  const heads = (layer: string) => [
    matrix(`${layer}.q`, inner, width, 1 / Math.sqrt(width * headWidth)),
    matrix(`${layer}.k`, inner, width),
    matrix(`${layer}.v`, inner, width),
    matrix(`${layer}.o`, width, inner, 0),
  ];
  const last = `layer.${isDecoder ? 2 : 1}`;
  const inputs = feedForward === "relu" ? ["wi"] : ["wi_0", "wi_1"];
  return [
    ...heads("layer.0.SelfAttention"),
    t5NormParameter(`${name}.layer.0.layer_norm`, width),
    ...(isDecoder
      ? [...heads("layer.1.EncDecAttention"), t5NormParameter(`${name}.layer.1.layer_norm`, width)]
      : []),
    ...inputs.map((layer) => matrix(`${last}.DenseReluDense.${layer}`, hiddenWidth, width)),
    matrix(`${last}.DenseReluDense.wo`, width, hiddenWidth, 0),
    t5NormParameter(`${name}.${last}.layer_norm`, width),
  ];
}

export const t5NormParameter = (name: string, width: number, value = 1): Parameter => ({
  name: `${name}.weight`,
  shape: [width],
  role: "vector",
  init: filled(value),
});
