/**
 * From logits to a token. The steps and their order are those of Hugging Face Transformers: repetition
 * penalty, temperature, top-k, top-p, min-p; the penalties and the bias of OpenAI's API come before the temperature.
 */
import type { RandomStream } from "../core/random.js";
import { GenerationError } from "./errors.js";

export interface Sampling {
  /** Logits are divided by it; 0 takes the likeliest token, of equals the one with the lowest id. */
  readonly temperature: number;
  /** Keep the k likeliest tokens, and those equal to the last of them. */
  readonly topK?: number;
  /** Keep the fewest likeliest tokens, one at least, that reach this probability together. [Holtzman et al. 2020] */
  readonly topP?: number;
  /** Keep tokens with at least this share of the likeliest one's probability. [Nguyen et al. 2024] */
  readonly minP?: number;
  /** Divides positive logits of tokens already seen, multiplies negative ones. [Keskar et al. 2019] */
  readonly repetitionPenalty?: number;
  /** Taken from a token's logit as often as it has been written. */
  readonly frequencyPenalty?: number;
  /** Taken from the logit of a token that has been written. */
  readonly presencePenalty?: number;
  /** Added to logits, by token. */
  readonly logitBias?: Readonly<Record<number, number>>;
}

/** What stands before the next token. */
export interface Before {
  /** All of it: what the repetition penalty counts. */
  readonly ids: readonly number[];
  /** How many tokens at its beginning were given and not written: the other penalties leave those out. */
  readonly given: number;
}

const nothing: Before = { ids: [], given: 0 };

const isPenalty = (penalty: number) => penalty >= -2 && penalty <= 2;

const rules: Record<Exclude<keyof Sampling, "logitBias">, [(value: number) => boolean, string]> = {
  temperature: [(t) => t >= 0 && t < Number.POSITIVE_INFINITY, "0 or more"],
  topK: [(k) => Number.isInteger(k) && k >= 1, "a whole number of 1 or more"],
  topP: [(p) => p >= 0 && p <= 1, "0 to 1"],
  minP: [(p) => p >= 0 && p <= 1, "0 to 1"],
  repetitionPenalty: [(r) => r > 0 && r < Number.POSITIVE_INFINITY, "above 0"],
  frequencyPenalty: [isPenalty, "-2 to 2"],
  presencePenalty: [isPenalty, "-2 to 2"],
};

/** Throws `GenerationError` for a setting outside its range. */
export function checkSampling(sampling: Sampling): void {
  for (const [name, [isRight, range]] of Object.entries(rules)) {
    const value = sampling[name as keyof typeof rules];
    const isLeftOut = value === undefined && name !== "temperature";
    if (isLeftOut || isRight(value as number)) continue;
    throw new GenerationError(
      `the ${name} to sample with is out of range`,
      String(value),
      `give a number that is ${range}`,
    );
  }
}

/**
 * Draws the next token. A pure function of its arguments and the stream's state. Throws `GenerationError` when the
 * logits are not finite.
 */
export function sampleToken(
  logits: Float32Array,
  sampling: Sampling,
  stream: RandomStream,
  before: Before = nothing,
): number {
  const penalised = penalise(logits, sampling, before);
  const best = argmax(penalised);
  if (sampling.temperature === 0) return best;
  const weights = numbers("weights", logits.length);
  weigh(weights, penalised, penalised[best], sampling);
  return draw(weights, stream);
}

/** The probabilities that `sampleToken` draws from; temperature must be above 0. */
export function distribution(
  logits: Float32Array,
  sampling: Sampling,
  before: Before = nothing,
): Float64Array {
  const penalised = penalise(logits, sampling, before);
  const weights = new Float64Array(logits.length);
  weigh(weights, penalised, penalised[argmax(penalised)], sampling);
  const total = sumOf(weights);
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
    "the model's predictions are not finite numbers",
    `${logits.length} logits, the largest ${logits[best]}`,
    "the weights are damaged or diverged: use an earlier checkpoint",
  );
}

function penalise(
  logits: Float32Array,
  { repetitionPenalty = 1, frequencyPenalty = 0, presencePenalty = 0, logitBias }: Sampling,
  { ids, given }: Before,
): Float32Array {
  const isPlain = frequencyPenalty === 0 && presencePenalty === 0;
  if (repetitionPenalty === 1 && isPlain && !logitBias) return logits;
  const penalised = logits.slice();
  if (repetitionPenalty !== 1) {
    for (const id of new Set(ids)) {
      penalised[id] = logits[id] > 0 ? logits[id] / repetitionPenalty : logits[id] * repetitionPenalty;
    }
  }
  if (!isPlain) {
    const written = ids.slice(given);
    for (const id of written) penalised[id] -= frequencyPenalty;
    for (const id of new Set(written)) penalised[id] -= presencePenalty;
  }
  for (const [id, bias] of Object.entries(logitBias ?? {})) penalised[Number(id)] += bias;
  return penalised;
}

/** Arrays as long as a vocabulary, used again for every token. */
const kept = new Map<string, Float64Array>();

function numbers(use: string, length: number): Float64Array {
  const old = kept.get(use);
  if (old && old.length >= length) return old.subarray(0, length);
  const array = new Float64Array(length);
  kept.set(use, array);
  return array;
}

/** Writes e^((logit - best) / temperature), zero for tokens that a filter removes. */
function weigh(
  weights: Float64Array,
  logits: Float32Array,
  best: number,
  { temperature, topK, topP, minP }: Sampling,
): void {
  const least = topK === undefined ? Number.NEGATIVE_INFINITY : kthLargest(logits, topK);
  for (let i = 0; i < logits.length; i++) {
    weights[i] = logits[i] >= least ? Math.exp((logits[i] - best) / temperature) : 0;
  }
  if (topP !== undefined && topP < 1) keepNucleus(weights, topP);
  if (minP) removeBelow(weights, minP); // the likeliest token weighs 1
}

/** The k-th largest of numbers none of which is NaN; minus infinity when there are no more than k. [Hoare 1961] */
export function kthLargest(values: Float32Array, k: number): number {
  if (k >= values.length) return Number.NEGATIVE_INFINITY;
  const array = numbers("selection", values.length);
  array.set(values);
  const place = values.length - k;
  for (let low = 0, high = values.length - 1; low < high; ) {
    const [left, right] = partition(array, low, high);
    if (place <= left) high = left;
    else if (place >= right) low = right;
    else break;
  }
  return array[place];
}

/** Orders a part around its middle number: up to the first index none is larger, from the second on none smaller. */
function partition(array: Float64Array, low: number, high: number): [number, number] {
  const pivot = array[(low + high) >> 1];
  while (low <= high) {
    while (array[low] < pivot) low++;
    while (array[high] > pivot) high--;
    if (low > high) break;
    const value = array[low];
    array[low++] = array[high];
    array[high--] = value;
  }
  return [high, low];
}

/** Keeps the heaviest tokens until they hold the share `topP`; of equals those with lower ids. */
function keepNucleus(weights: Float64Array, topP: number): void {
  const needed = topP * sumOf(weights);
  // Sorting a whole vocabulary takes longer than all else: the heaviest, next to 1, are mostly enough.
  for (const bound of [2 ** -4, 2 ** -12, 0]) {
    const ascending = heavierThan(weights, bound);
    let at = ascending.length - 1;
    let sum = ascending[at];
    for (; sum < needed && at > 0; sum += ascending[at]) at--;
    if (sum < needed && bound > 0) continue;
    keepFrom(weights, ascending[at], at - ascending.indexOf(ascending[at]));
    return;
  }
}

/** The weights above a bound, in ascending order. */
function heavierThan(weights: Float64Array, bound: number): Float64Array {
  const found = numbers("heavy", weights.length);
  let count = 0;
  for (let i = 0; i < weights.length; i++) if (weights[i] > bound) found[count++] = weights[i];
  return found.subarray(0, count).sort();
}

/** Removes weights below `least`, and the last `equalsToDrop` of those that equal it. */
function keepFrom(weights: Float64Array, least: number, equalsToDrop: number): void {
  removeBelow(weights, least);
  for (let i = weights.length - 1, left = equalsToDrop; left > 0; i--) {
    if (weights[i] !== least) continue;
    weights[i] = 0;
    left--;
  }
}

function removeBelow(weights: Float64Array, least: number): void {
  for (let i = 0; i < weights.length; i++) if (weights[i] < least) weights[i] = 0;
}

/** An index with probability in proportion to its weight. */
function draw(weights: Float64Array, stream: RandomStream): number {
  let rest = stream.uniform() * sumOf(weights);
  let last = 0;
  for (let i = 0; i < weights.length; i++) {
    if (weights[i] === 0) continue;
    last = i;
    rest -= weights[i];
    if (rest < 0) return i;
  }
  return last; // rounding may leave a rest
}

function sumOf(values: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i];
  return sum;
}
