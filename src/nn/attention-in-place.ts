import { defineOp } from "../core/graph/op.js";
import { known } from "../core/graph/size.js";
import { applyAll, formatType, ShapeError, type Tensor } from "../core/graph/tensor.js";
import type { KeysAndValues } from "./attention.js";

/** Whether `attentionInPlace` takes heads of this width. */
export const fitsInPlace = (headWidth: number): boolean => headWidth % 8 === 0;

/** Where attention writes, and what its queries see. */
export interface InPlaceOptions {
  readonly numHeads: number;
  readonly kvHeads: number;
  /** What products of queries and keys are multiplied by. */
  readonly scale: number;
  /** Keys so many positions or more before a query are hidden; absent: none is. */
  readonly window?: number;
}

/** What new tokens are projected to: queries [b, t, h d], keys and values [b, t, kv d]. */
export interface NewHeads {
  readonly queries: Tensor<"b t c">;
  readonly keys: Tensor<"b t c">;
  readonly values: Tensor<"b t c">;
}

/**
 * Causal attention [b, t, h d] of new tokens after texts of different lengths, whose keys and values [b, kv, room, d] are
 * given back with those of the new tokens at their places: a runtime that is handed the same memory for both writes
 * nothing else. last: int32 [b], the place of each text's last new token; longest: int32 [1], the most positions that
 * a text then has, of which there must be room. More than one new token after a past is for one text only.
 * [com.microsoft GroupQueryAttention-1; Ainslie et al. 2023]
 */
export function attentionInPlace(
  { queries, keys, values }: NewHeads,
  past: KeysAndValues,
  { last, longest }: { readonly last: Tensor; readonly longest: Tensor },
  options: InPlaceOptions,
): { readonly mixed: Tensor<"b t c">; readonly joined: KeysAndValues } {
  const inputs = [queries, keys, values, past.keys, past.values, last, longest];
  const [mixed, joinedKeys, joinedValues] = applyAll(GroupQueryAttention, inputs, options);
  return { mixed, joined: { keys: joinedKeys, values: joinedValues } };
}

const GroupQueryAttention = defineOp<InPlaceOptions>({
  onnx: "GroupQueryAttention",
  domain: "com.microsoft",
  type: ([queries, keys, , pastKeys, pastValues], { numHeads, kvHeads }) => {
    const headWidth = known(pastKeys.shape[3]);
    const fits =
      fitsInPlace(headWidth) &&
      queries.shape[2] === numHeads * headWidth &&
      keys.shape[2] === kvHeads * headWidth;
    if (!fits) {
      throw new ShapeError(
        "attention does not fit its heads",
        `${formatType(queries)} and ${formatType(keys)} for ${numHeads} and ${kvHeads} heads of ${headWidth}`,
        "give rows of as many heads, of a width that 8 divides",
      );
    }
    return [queries, pastKeys, pastValues];
  },
  attributes: ({ numHeads, kvHeads, scale, window }) => ({
    num_heads: numHeads,
    kv_num_heads: kvHeads,
    scale: { float: scale },
    ...(window === undefined ? {} : { local_window_size: window }),
  }),
  variadic: true,
  samples: [],
});
