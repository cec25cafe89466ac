/** What a decoder has read before, as its attention meets it. */
import type { Size } from "../core/graph/size.js";
import type { Tensor } from "../core/graph/tensor.js";
import { sub } from "../core/ops/elementwise.js";
import { expand, reshape, transpose } from "../core/ops/movement.js";
import { concat, slice } from "../core/ops/slice.js";
import { cachedAttention, type KeysAndValues, windowed } from "../nn/attention.js";
import { attentionInPlace } from "../nn/attention-in-place.js";
import type { Attend, Decoder } from "./decoder.js";
import { arange } from "./shapes.js";

type Sizes = Pick<Decoder, "numHeads" | "kvHeads" | "headWidth" | "contextLength">;

/** A past that stays as it is, and what of it and of the new tokens each new token sees. */
export interface PastBeside {
  /** One past a layer, [b, kvHeads, past, headWidth]; `bias` hides what of it is not filled. */
  readonly past: readonly KeysAndValues[];
  /** int64 [b, t]: positions of the new tokens. */
  readonly positions: Tensor<"b t">;
  /** 0 where a key is visible, a large negative number where it is not: [b or 1, 1, t, past + t]. */
  readonly bias: Tensor;
  /**
   * int64: how many positions each key lies before its query, [b or 1, 1, t, past + t], for layers that see a window.
   * Default: the past lies at 0, 1 and so on, and the new tokens at `positions`.
   */
  readonly distances?: Tensor;
}

/** Attention, and what of the new tokens is kept for those to come: one a layer, filled as the layers ask. */
export interface AttendingPast {
  readonly attend: Attend;
  readonly kept: readonly KeysAndValues[];
}

/** Attention to such a past; kept are the keys and values [b, kvHeads, t, headWidth] of the new tokens. */
export function attendBeside(
  { numHeads, kvHeads, headWidth, contextLength }: Sizes,
  { past, positions, bias, distances }: PastBeside,
): AttendingPast {
  const [batch, time] = positions.shape;
  const kept: KeysAndValues[] = [];
  const biases = new Map<number | undefined, Tensor>([[undefined, bias]]);
  const biasWithin = (window?: number) => {
    const away = () => distances ?? distancesFrom(positions, past[0].keys.shape[2], contextLength);
    const known = biases.get(window) ?? windowed(bias, away(), window!);
    biases.set(window, known);
    return known;
  };
  const heads = (x: Tensor, count: number) =>
    transpose(reshape(x, [batch, time, count, headWidth]), [0, 2, 1, 3]); // b n t d
  const attend: Attend = (layer, { queries, keys, values }, { scale, window }) => {
    kept[layer] = { keys: heads(keys, kvHeads), values: heads(values, kvHeads) };
    const mixed = cachedAttention(
      heads(queries, numHeads),
      past[layer],
      kept[layer],
      biasWithin(window),
      scale,
    );
    return reshape(transpose(mixed, [0, 2, 1, 3]), queries.shape);
  };
  return { attend, kept };
}

/**
 * Attention to a past whose arrays, [b, kvHeads, room, headWidth] a layer, have room for the new tokens: see
 * `attentionInPlace`. Kept are those arrays, the new tokens written into them.
 */
export function attendWithin(
  { numHeads, kvHeads }: Sizes,
  past: readonly KeysAndValues[],
  places: { readonly last: Tensor; readonly longest: Tensor },
): AttendingPast {
  const kept: KeysAndValues[] = [];
  const attend: Attend = (layer, heads, seen) => {
    const { mixed, joined } = attentionInPlace(heads, past[layer], places, {
      numHeads,
      kvHeads,
      ...seen,
    });
    kept[layer] = joined;
    return mixed;
  };
  return { attend, kept };
}

/** How many positions each key lies before its query, [b, 1, t, past + t]; the past lies at 0, 1 and so on. */
function distancesFrom(positions: Tensor<"b t">, pastTime: Size, contextLength: number): Tensor {
  const [batch, time] = positions.shape;
  const places = reshape(slice(arange(contextLength), 0, 0, pastTime), [1, pastTime]);
  const keys = concat([expand(places, [batch, pastTime]), positions], 1);
  return sub(reshape(positions, [batch, 1, time, 1]), reshape(keys, [batch, 1, 1, keys.shape[1]]));
}
