/** A decoder as one graph with its key/value cache inside out, under the names that Hugging Face exports have. */
import { addSizes, type Size, sizeOf } from "../core/graph/size.js";
import { input, type Tensor } from "../core/graph/tensor.js";
import { sub } from "../core/ops/elementwise.js";
import { and, greater, greaterOrEqual, where } from "../core/ops/logic.js";
import { gemm } from "../core/ops/matmul.js";
import { reshape } from "../core/ops/movement.js";
import { concat, slice } from "../core/ops/slice.js";
import type { Decoder } from "../models/decoder.js";
import { attendBeside } from "../models/past.js";
import { arange } from "../models/shapes.js";
import { type KeysAndValues, maskValue } from "../nn/attention.js";
import { inputsFor } from "../nn/parameter.js";

// The client fills an empty past by these very names: what is not the batch gets the size 0.
const batch = "batch_size";
const fresh = "sequence_length";
const past = "past_sequence_length";
const total = addSizes(past, fresh);

/**
 * The graph's outputs by name: `logits` [batch, sequence, vocab] and for each layer `present.N.key` and
 * `present.N.value` [batch, kvHeads, past + sequence, headWidth]. Its inputs are `input_ids`, `attention_mask`,
 * `position_ids`, `past_key_values.N.key` and `.value`, and the parameters.
 * [transformers.js, modeling_utils.js: decoder_forward, addPastKeyValues]
 */
export function cachedDecoderGraph(model: Decoder): Record<string, Tensor> {
  const ids = input<"b t">("input_ids", "int64", [batch, fresh]);
  const mask = input<"b s">("attention_mask", "int64", [batch, total]);
  const positions = input<"b t">("position_ids", "int64", [batch, fresh]);
  const cache = Array.from({ length: model.numLayers }, (_, layer) => pastOf(model, layer));
  const p = inputsFor(model.parameters);
  const distances = distancesIn(model.contextLength);
  const bias = visibility(mask, distances);
  const { attend, kept } = attendBeside(model, { past: cache, positions, bias, distances });
  const hidden = model.decode(p, { ids, positions, attend });
  const [, , width] = hidden.shape;
  const rows = reshape<"n c">(hidden, [sizeOf([batch, fresh]), width]);
  const logits = reshape(gemm(rows, model.head(p), { transB: true }), [batch, fresh, model.vocabSize]);
  const present = kept.flatMap(({ keys, values }, layer) => [
    [`present.${layer}.key`, concat([cache[layer].keys, keys], 2)] as const,
    [`present.${layer}.value`, concat([cache[layer].values, values], 2)] as const,
  ]);
  return { logits, ...Object.fromEntries(present) };
}

function pastOf({ kvHeads, headWidth }: Decoder, layer: number): KeysAndValues {
  const shape: Size[] = [batch, kvHeads, past, headWidth];
  return {
    keys: input(`past_key_values.${layer}.key`, "float32", shape),
    values: input(`past_key_values.${layer}.value`, "float32", shape),
  };
}

/** How many places each key lies before its query, [1, 1, t, s]: padding on the left moves both alike. */
function distancesIn(contextLength: number): Tensor {
  const places = arange(contextLength);
  const keys = reshape(slice(places, 0, 0, total), [1, 1, 1, total]);
  const queries = reshape(slice(places, 0, past, total), [1, 1, fresh, 1]);
  return sub(queries, keys);
}

/** The bias [b, 1, t, s]: 0 where the mask [b, s] has a one and the key is not later than the query. */
function visibility(mask: Tensor<"b s">, distances: Tensor): Tensor {
  const isText = reshape(greater(mask, 0), [batch, 1, 1, total]);
  return where(and(greaterOrEqual(distances, 0), isText), 0, maskValue);
}
