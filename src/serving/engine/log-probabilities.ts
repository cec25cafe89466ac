import { kthLargest } from "../../generation/sampling.js";
import type { TokenReport } from "./engine.js";

/** The log-probabilities of one place, kept before anything changes its logits. */
export interface PlaceReport {
  /** log of the sum of e^logit. */
  readonly logSum: number;
  readonly top: TokenReport["top"];
}

/** Log-softmax of logits [v]: its normaliser, and the `count` likeliest of the first `vocabSize` tokens. */
export function likeliest(logits: Float32Array, vocabSize: number, count: number): PlaceReport {
  const logSum = logSumExp(logits);
  const known = logits.subarray(0, vocabSize);
  const least = count > 0 ? kthLargest(known, count) : Number.POSITIVE_INFINITY;
  const ids: number[] = [];
  for (let id = 0; id < known.length; id++) if (known[id] >= least) ids.push(id);
  ids.sort((a, b) => known[b] - known[a] || a - b);
  const top = ids.slice(0, count).map((id) => ({ id, logprob: known[id] - logSum }));
  return { logSum, top };
}

function logSumExp(logits: Float32Array): number {
  let largest = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < logits.length; i++) if (logits[i] > largest) largest = logits[i];
  let sum = 0;
  for (let i = 0; i < logits.length; i++) sum += Math.exp(logits[i] - largest);
  return largest + Math.log(sum);
}
