/** Stochastic depth (Huang et al. 2016): a layer is left out of a row by chance, and weighs more where it is not. */
import type { TensorType } from "../core/graph/tensor.js";
import type { RandomStream } from "../core/random.js";
import type { SpeechBatchShape } from "./speech-objective.js";

/** Which layers are left out, and how often. */
export interface StochasticDepthOptions {
  readonly numLayers: number;
  /** How often the last layer is left out; those before it less, in a straight line down to 0. Default 0. */
  readonly layerDrop?: number;
}

/** `keep` [l, b] of a batch as a tensor, where there is any. */
export function keepOf(
  { numLayers, layerDrop = 0 }: StochasticDepthOptions,
  { batchSize }: SpeechBatchShape,
): Record<string, TensorType> {
  return layerDrop > 0 ? { keep: { dtype: "float32", shape: [numLayers, batchSize] } } : {};
}

/** 0 for a layer that is left out of a row, otherwise 1 / the share of rows that keep it: [l, b], row by row from its stream. */
export function drawKeep(
  { numLayers, layerDrop = 0 }: StochasticDepthOptions,
  streams: readonly RandomStream[],
): { readonly keep?: Float32Array } {
  if (layerDrop === 0) return {};
  const keep = new Float32Array(numLayers * streams.length);
  streams.forEach((random, row) => {
    for (let layer = 0; layer < numLayers; layer++) {
      const share = 1 - (layerDrop * (layer + 1)) / numLayers;
      keep[layer * streams.length + row] = random.uniform() < share ? 1 / share : 0;
    }
  });
  return { keep };
}
