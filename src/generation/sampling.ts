/**
 * From logits to a token. The steps and their order are those of Hugging Face Transformers: repetition
 * penalty, temperature, top-k, top-p, min-p.
 */
import type { RandomStream } from "../core/random.js";
import { GenerationError } from "./errors.js";

export interface Sampling {
  /** Logits are divided by it; 0 takes the likeliest token, of equals the one with the lowest id. */
  readonly temperature: number;
  /** Keep the k likeliest tokens, and those equal to the last of them. */
  readonly topK?: number;
  /** Keep the fewest likeliest tokens that reach this probability together. [Holtzman et al. 2020] */
  readonly topP?: number;
  /** Keep tokens with at least this share of the likeliest one's probability. [Nguyen et al. 2024] */
  readonly minP?: number;
  /** Divides positive logits of tokens already seen, multiplies negative ones. [Keskar et al. 2019] */
  readonly repetitionPenalty?: number;
}

const rules: Record<keyof Sampling, [(value: number) => boolean, string]> = {
  temperature: [(t) => t >= 0 && t < Number.POSITIVE_INFINITY, "0 or more"],
  topK: [(k) => Number.isInteger(k) && k >= 1, "a whole number of 1 or more"],
  topP: [(p) => p > 0 && p <= 1, "above 0 and at most 1"],
  minP: [(p) => p >= 0 && p <= 1, "0 to 1"],
  repetitionPenalty: [(r) => r > 0 && r < Number.POSITIVE_INFINITY, "above 0"],
};

/** Throws `GenerationError` for a setting outside its range. */
export function checkSampling(sampling: Sampling): void {
  for (const [name, [isRight, range]] of Object.entries(rules)) {
    const value = sampling[name as keyof Sampling];
    if (value === undefined || isRight(value)) continue;
    throw new GenerationError(
      `The ${name} to sample with is out of range.`,
      String(value),
      `Give a number that is ${range}.`,
    );
  }
}

/**
 * Draws the next token. `seen` are the ids that the repetition penalty counts. A pure function of its
 * arguments and the stream's state. Throws `GenerationError` when the logits are not finite.
 */
export function sampleToken(
  logits: Float32Array,
  sampling: Sampling,
  stream: RandomStream,
  seen: Iterable<number> = [],
): number {
  const { temperature, repetitionPenalty = 1 } = sampling;
  const penalised = penalise(logits, repetitionPenalty, seen);
  const best = argmax(penalised);
  if (temperature === 0) return best;
  return draw(weightsToDraw(penalised, penalised[best], sampling), stream);
}

/** The probabilities that `sampleToken` draws from; temperature must be above 0. */
export function distribution(
  logits: Float32Array,
  sampling: Sampling,
  seen: Iterable<number> = [],
): Float64Array {
  const penalised = penalise(logits, sampling.repetitionPenalty ?? 1, seen);
  const weights = weightsToDraw(penalised, penalised[argmax(penalised)], sampling);
  const total = weights.reduce((sum, w) => sum + w, 0);
  return weights.map((w) => w / total);
}

/** The index of the largest value, of equals the first. Throws `GenerationError` when one is NaN or all are infinite. */
export function argmax(logits: Float32Array): number {
  let best = 0;
  let isNumber = true;
  for (let i = 0; i < logits.length; i++) {
    if (logits[i] > logits[best]) best = i;
    isNumber &&= !Number.isNaN(logits[i]);
  }
  if (isNumber && Number.isFinite(logits[best])) return best;
  throw new GenerationError(
    "The model's predictions are not finite numbers.",
    `${logits.length} logits, the largest ${logits[best]}`,
    "The weights are damaged or diverged: use an earlier checkpoint.",
  );
}

function penalise(logits: Float32Array, penalty: number, seen: Iterable<number>): Float32Array {
  if (penalty === 1) return logits;
  const penalised = logits.slice();
  for (const id of new Set(seen)) {
    penalised[id] = logits[id] > 0 ? logits[id] / penalty : logits[id] * penalty;
  }
  return penalised;
}

/** e^((logit - best) / temperature), zero for tokens that a filter removes. */
function weightsToDraw(
  logits: Float32Array,
  best: number,
  { temperature, topK, topP, minP }: Sampling,
): Float64Array {
  const weights = new Float64Array(logits.length);
  const least = topK === undefined ? Number.NEGATIVE_INFINITY : kthLargest(logits, topK);
  for (let i = 0; i < logits.length; i++) {
    if (logits[i] >= least) weights[i] = Math.exp((logits[i] - best) / temperature);
  }
  if (topP !== undefined && topP < 1) keepNucleus(weights, topP);
  if (minP) removeBelow(weights, minP); // the likeliest token weighs 1
  return weights;
}

function kthLargest(values: Float32Array, k: number): number {
  if (k >= values.length) return Number.NEGATIVE_INFINITY;
  return values.slice().sort()[values.length - k];
}

/** Keeps the heaviest tokens until they hold the share `topP`; of equals those with lower ids. */
function keepNucleus(weights: Float64Array, topP: number): void {
  const ascending = weights.slice().sort();
  const needed = topP * ascending.reduce((sum, w) => sum + w, 0);
  let at = ascending.length - 1;
  for (let sum = ascending[at]; sum < needed && at > 0; sum += ascending[at]) at--;
  const least = ascending[at];
  let equalsToDrop = at - ascending.indexOf(least);
  removeBelow(weights, least);
  for (let i = weights.length - 1; equalsToDrop > 0; i--) {
    if (weights[i] !== least) continue;
    weights[i] = 0;
    equalsToDrop--;
  }
}

function removeBelow(weights: Float64Array, least: number): void {
  for (let i = 0; i < weights.length; i++) if (weights[i] < least) weights[i] = 0;
}

/** An index with probability in proportion to its weight. */
function draw(weights: Float64Array, stream: RandomStream): number {
  let rest = stream.uniform() * weights.reduce((sum, w) => sum + w, 0);
  let last = 0;
  for (let i = 0; i < weights.length; i++) {
    if (weights[i] === 0) continue;
    last = i;
    rest -= weights[i];
    if (rest < 0) return i;
  }
  return last; // rounding may leave a rest
}
