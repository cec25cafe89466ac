/** Several LoRA adapters beside one model, each text with its own or none. */
import { type LoraConfig, loraA, loraB } from "../nn/lora.js";
import type { Weights } from "../nn/weights.js";

export interface LoadedAdapter {
  readonly lora: LoraConfig;
  /** A [rank, in] and B [out, rank] by `loraA` and `loraB`. */
  readonly weights: Weights;
}

/**
 * The adapters' matrices by layer, with their scale in B: A [k + 1, rank, in] and B [k + 1, out, rank]. Number 0
 * is all zeros, which is no adapter; narrower ones and missing layers are filled up with zeros.
 */
export function stackAdapters(adapters: readonly LoadedAdapter[]): Weights {
  const rank = Math.max(...adapters.map(({ lora }) => lora.rank));
  const layers = new Set(
    adapters.flatMap(({ weights }) =>
      [...weights.keys()].map((name) => name.replace(/\.lora_[AB]\.weight$/, "")),
    ),
  );
  const stacked = new Map<string, { shape: number[]; data: Float32Array }>();
  for (const layer of layers) {
    const like = adapters.find(({ weights }) => weights.has(loraA(layer)))!.weights;
    const inputs = like.get(loraA(layer))!.shape[1];
    const outputs = like.get(loraB(layer))!.shape[0];
    const a = new Float32Array((adapters.length + 1) * rank * inputs);
    const b = new Float32Array((adapters.length + 1) * outputs * rank);
    for (const [i, { lora, weights }] of adapters.entries()) {
      const own = weights.get(loraB(layer))?.data;
      if (!own) continue;
      a.set(weights.get(loraA(layer))!.data, (i + 1) * rank * inputs);
      for (let j = 0; j < own.length; j++) {
        const [out, r] = [Math.floor(j / lora.rank), j % lora.rank];
        b[((i + 1) * outputs + out) * rank + r] = (own[j] * lora.alpha) / lora.rank;
      }
    }
    stacked.set(loraA(layer), { shape: [adapters.length + 1, rank, inputs], data: a });
    stacked.set(loraB(layer), { shape: [adapters.length + 1, outputs, rank], data: b });
  }
  return stacked;
}
