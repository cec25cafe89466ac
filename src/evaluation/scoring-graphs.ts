/** A decoder in two graphs, so that only the positions that are scored meet the vocabulary. */
import { input, type Tensor } from "../core/graph/tensor.js";
import { gatherElements } from "../core/ops/gather.js";
import { gemm } from "../core/ops/matmul.js";
import { reshape } from "../core/ops/movement.js";
import { logSoftmax } from "../core/ops/normalise.js";
import { argmax } from "../core/ops/reduce.js";
import { keysName, valuesName } from "../generation/kv-cache.js";
import type { Decoder } from "../models/decoder.js";
import { attendBeside } from "../models/past.js";
import { inputsFor } from "../nn/parameter.js";

/** Hidden states [b, t, c] of new tokens after a past, and the tokens' keys and values. */
export function layersGraph(model: Decoder): Record<string, Tensor> {
  const layers = Array.from({ length: model.numLayers }, (_, layer) => layer);
  const shape = ["b", model.kvHeads, "past", model.headWidth];
  const past = layers.map((layer) => ({
    keys: input(keysName(layer), "float32", shape),
    values: input(valuesName(layer), "float32", shape),
  }));
  const ids = input<"b t">("ids", "int64", ["b", "t"]);
  const positions = input<"b t">("positions", "int64", ["b", "t"]);
  const bias = input("bias", "float32", [1, 1, "t", "past + t"]);
  const { attend, kept } = attendBeside(model, { past, positions, bias });
  const hidden = model.decode(inputsFor(model.parameters), { ids, positions, attend });
  const caches = kept.flatMap(({ keys, values }, layer) => [
    [freshName(keysName(layer)), keys] as const,
    [freshName(valuesName(layer)), values] as const,
  ]);
  return { hidden, ...Object.fromEntries(caches) };
}

export const freshName = (pastName: string) => `fresh ${pastName}`;

/** ln P of each target [n] after its state [n, c], and the likeliest token. */
export function headGraph(model: Decoder): Record<string, Tensor> {
  const head = model.head(inputsFor(model.parameters));
  const states = input<"n c">("states", "float32", ["n", head.shape[1]]);
  const targets = input<"n">("targets", "int64", ["n"]);
  const logits = gemm<"n v">(states, head, { transB: true });
  const chosen = gatherElements(logSoftmax(logits), reshape(targets, ["n", 1]), 1);
  return { logProbabilities: reshape(chosen, ["n"]), best: argmax(logits, 1) };
}
