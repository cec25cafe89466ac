import { withGradient } from "../core/autodiff/custom.js";
import { divideSizes, known, multiplySizes, type Size } from "../core/graph/size.js";
import { constant, type Tensor } from "../core/graph/tensor.js";
import { add, mul, sub } from "../core/ops/elementwise.js";
import { equal, less, where } from "../core/ops/logic.js";
import { matmul, swapLast } from "../core/ops/matmul.js";
import { expand, reshape, sum, transpose } from "../core/ops/movement.js";
import { softmax } from "../core/ops/normalise.js";
import { concat, slice } from "../core/ops/slice.js";

/** Added to the score of a key that a query must not see; e^-1e9 is zero in every float type. */
export const maskValue = -1e9;

/** Sizes of an attention: heads, and the batch that rows are laid out for. */
export interface SelfAttentionOptions {
  readonly numHeads: number;
  readonly headWidth?: number;
  readonly batch: Size;
  /** What products of queries and keys are multiplied by; default 1 / sqrt(headWidth). */
  readonly scale?: number;
  /** Added to the scores of every text, and learned: [h, t, s]. */
  readonly bias?: Tensor;
}

/** Sizes of an attention, and what its queries must not see. */
export interface AttentionOptions extends SelfAttentionOptions {
  /** See `causalMask`. */
  readonly mask: Tensor;
}

/**
 * softmax(q k^T / sqrt(d) + mask) v for each head. q: [t b, h d], k and v: [t b, kv d] with kv
 * dividing h. Rows are time first, so that all three enter the products without being copied.
 * [Vaswani et al. 2017; grouped queries: Ainslie et al. 2023]
 */
export function causalAttention(
  q: Tensor<"n c">,
  k: Tensor<"n c">,
  v: Tensor<"n c">,
  options: AttentionOptions,
): Tensor<"n c"> {
  return perHead(q, k, v, options, options.mask);
}

/**
 * `causalAttention` in which every row sees all rows of its batch entry, as transformers of images do, but for those
 * that a mask (see `attend`) hides.
 */
export function selfAttention(
  q: Tensor<"n c">,
  k: Tensor<"n c">,
  v: Tensor<"n c">,
  options: SelfAttentionOptions,
  mask?: Tensor,
): Tensor<"n c"> {
  return perHead(q, k, v, options, mask);
}

function perHead(
  q: Tensor<"n c">,
  k: Tensor<"n c">,
  v: Tensor<"n c">,
  { numHeads, headWidth, batch, scale, bias }: SelfAttentionOptions,
  mask?: Tensor,
): Tensor<"n c"> {
  const width = headWidth ?? known(q.shape[1]) / numHeads;
  const heads = (x: Tensor) => splitHeads(x, batch, numHeads, width);
  const scaled = mul(q, scale ?? 1 / Math.sqrt(width));
  const mixed = attend(heads(scaled), heads(k), heads(v), mask, bias);
  return reshape(transpose(mixed, [1, 0, 2]), q.shape);
}

/** [t b, n d] to [b h, t, d]; each of fewer key heads serves several query heads. */
function splitHeads(x: Tensor, batch: Size, numHeads: number, headWidth: number): Tensor {
  const time = divideSizes(x.shape[0], batch);
  const own = known(x.shape[1]) / headWidth;
  const rows = multiplySizes(batch, numHeads);
  if (own === numHeads) return transpose(reshape(x, [time, rows, headWidth]), [1, 0, 2]);
  const apart = reshape(x, [time, multiplySizes(batch, own), 1, headWidth]);
  const shared = expand(apart, [time, multiplySizes(batch, own), numHeads / own, headWidth]);
  return transpose(reshape(shared, [time, rows, headWidth]), [1, 0, 2]);
}

/**
 * Attention for heads laid out [n, t, d]; a mask [t, s], or [b, 1, t, s] for n = b h, is added to the scores (t may
 * be 1 for all), and so is a bias [h, t, s], which gets a gradient.
 * The gradient uses that the sum of dP P over the keys is the sum of dy y over d (Dao et al. 2022), which is
 * smaller.
 */
export function attend(
  q: Tensor<"n t d">,
  k: Tensor<"n s d">,
  v: Tensor<"n s d">,
  mask?: Tensor,
  bias?: Tensor,
): Tensor<"n t d"> {
  const scores = matmul<"n t s">(q, swapLast(k));
  // Of all layers that share both, the sum is computed once.
  const shift = bias && mask ? add(bias, mask) : (bias ?? mask);
  const weights = softmax(shift ? shifted(scores, shift) : scores);
  return withGradient(matmul<"n t d">(weights, v), bias ? [q, k, v, bias] : [q, k, v], (dy, y) => {
    const dWeights = matmul<"n t s">(dy, swapLast(v));
    const dScores = mul(weights, sub(dWeights, sum(mul(dy, y), [-1], { keepDims: true })));
    const dBias = bias ? [sum(perText(dScores, bias), [0])] : [];
    return [matmul(dScores, k), matmul(swapLast(dScores), q), matmul(swapLast(weights), dy), ...dBias];
  });
}

function shifted(scores: Tensor<"n t s">, shift: Tensor): Tensor<"n t s"> {
  if (shift.rank === 2) return add(scores, shift);
  return reshape(add(perText(scores, shift), shift), scores.shape);
}

/** [b h, t, s] as [b, h, t, s], where `like` is [b, ., t, s] or [h, t, s]. */
function perText(scores: Tensor<"n t s">, like: Tensor): Tensor {
  const [n, time, keyTime] = scores.shape;
  const batch = like.rank === 4 ? like.shape[0] : divideSizes(n, like.shape[0]);
  return reshape(scores, [batch, divideSizes(n, batch), time, keyTime]);
}

/**
 * A mask [t, t], zero where the key is not later than the query, `maskValue` elsewhere. With `segments`, int64
 * [b, t], it is [b, 1, t, t] and also hides keys of another segment. With a `window` it also hides keys that lie so many
 * positions or more before the query.
 */
export function causalMask(time: Size, segments?: Tensor<"b t">, window = Number.POSITIVE_INFINITY): Tensor {
  const length = known(time);
  const rows = Float32Array.from({ length: length * length }, (_, i) => {
    const distance = Math.floor(i / length) - (i % length);
    return distance >= 0 && distance < window ? 0 : maskValue;
  });
  const causal = constant(rows, [length, length]);
  if (!segments) return causal;
  const batch = segments.shape[0];
  const queries = reshape(segments, [batch, 1, length, 1]);
  const keys = reshape(segments, [batch, 1, 1, length]);
  return where(equal(queries, keys), causal, maskValue);
}

/**
 * A bias of `cachedAttention` in which keys that lie `window` positions or more before their query are hidden too.
 * distances: int64, of the shape of the bias or one that spreads to it.
 */
export function windowed(bias: Tensor, distances: Tensor, window: number): Tensor {
  return where(less(distances, window), bias, maskValue);
}

/** Keys and values of one layer, each [b, kv, s, d]. */
export interface KeysAndValues {
  readonly keys: Tensor;
  readonly values: Tensor;
}

/**
 * Attention of new positions over a past and themselves, for decoding. q: [b, h, t, d]; past: [b, kv, s, d];
 * fresh: [b, kv, t, d]; bias: [b, 1 or h, t, s + t], a large negative number for what is hidden. The past is read
 * where it lies: joining it with the new positions would copy all of it for every token.
 */
export function cachedAttention(
  q: Tensor,
  past: KeysAndValues,
  fresh: KeysAndValues,
  bias: Tensor,
  scale?: number,
): Tensor<"b h t d"> {
  const [batch, numHeads, time, headWidth] = q.shape;
  const [, kvHeads, pastTime] = past.keys.shape;
  const rows = multiplySizes(known(numHeads) / known(kvHeads), time);
  const scaled = mul(q, scale ?? 1 / Math.sqrt(known(headWidth)));
  const grouped = reshape(scaled, [batch, kvHeads, rows, headWidth]);
  const scores = concat([matmul(grouped, swapLast(past.keys)), matmul(grouped, swapLast(fresh.keys))], 3);
  const keyTime = scores.shape[3];
  const perHead = softmax(add(reshape(scores, [batch, numHeads, time, keyTime]), bias));
  const weights = reshape(perHead, [batch, kvHeads, rows, keyTime]);
  const fromPast = matmul(slice(weights, 3, 0, pastTime), past.values);
  const fromFresh = matmul(slice(weights, 3, pastTime), fresh.values);
  return reshape(add(fromPast, fromFresh), q.shape);
}
