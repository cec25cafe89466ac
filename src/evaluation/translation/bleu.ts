import { trimEnd } from "../whitespace.js";
import { type BleuTokenizer, bleuTokens } from "./bleu-tokens.js";
import {
  type CorpusMetric,
  corpusScore,
  countGrams,
  nGrams,
  referenceCount,
  SACREBLEU_VERSION,
  type TranslatedSegment,
} from "./corpus-metric.js";

/** What a precision without a match counts as (Chen and Cherry, 2014): halved each time, 0.1, one more of both, or 0. */
export type BleuSmoothing = "exp" | "floor" | "add-k" | "none";

/** How BLEU is counted; without any, as sacreBLEU does. */
export interface BleuOptions {
  readonly tokenize?: BleuTokenizer;
  readonly smoothing?: BleuSmoothing;
  readonly lowercase?: boolean;
  /** Leaves out orders that the hypotheses are too short for. */
  readonly effectiveOrder?: boolean;
  /** The longest n-grams. */
  readonly maxOrder?: number;
}

/** BLEU and what it was made of. */
export interface BleuScore {
  /** 0 to 100. */
  readonly score: number;
  /** Of each order from 1, 0 to 100, smoothed. */
  readonly precisions: readonly number[];
  /** n-grams that a reference has, of each order. */
  readonly counts: readonly number[];
  /** All n-grams of the hypotheses, of each order. */
  readonly totals: readonly number[];
  readonly brevityPenalty: number;
  readonly hypothesisLength: number;
  /** Of each segment, that of the reference nearest in length. */
  readonly referenceLength: number;
}

const SMOOTHING_VALUE = { exp: 0, none: 0, floor: 0.1, "add-k": 1 };
/** What stands for the logarithm of nothing. */
const LOG_OF_ZERO = -9999999999;

/**
 * BLEU of a corpus (Papineni et al., 2002), equal to sacreBLEU 2.6.0's.
 * @throws EvaluationError without segments, or where one has no reference.
 */
export function bleu(segments: readonly TranslatedSegment[], options?: BleuOptions): BleuScore {
  return corpusScore(bleuMetric(options), segments);
}

/** BLEU of one segment, as sacreBLEU's `sentence_bleu`: orders that it is too short for are left out. */
export function sentenceBleu(segment: TranslatedSegment, options?: BleuOptions): BleuScore {
  return bleu([segment], { effectiveOrder: true, ...options });
}

/** BLEU as a metric, for `pairedBootstrap` and its signature. */
export function bleuMetric(options: BleuOptions = {}): CorpusMetric<BleuScore> {
  const { tokenize = "13a", smoothing = "exp", lowercase = false } = options;
  const { effectiveOrder = false, maxOrder = 4 } = options;
  const tokens = (text: string) => bleuTokens[tokenize](trimEnd(lowercase ? text.toLowerCase() : text));
  return {
    statistics: ({ hypothesis, references }) =>
      segmentCounts(tokens(hypothesis), references.map(tokens), maxOrder),
    fromStatistics: (totals) => fromCounts(totals, smoothing, effectiveOrder),
    signature(segments) {
      const value = SMOOTHING_VALUE[smoothing];
      return [
        `nrefs:${referenceCount(segments)}`,
        `case:${lowercase ? "lc" : "mixed"}`,
        `eff:${effectiveOrder ? "yes" : "no"}`,
        `tok:${tokenize}`,
        `smooth:${smoothing}${value ? `[${value.toFixed(2)}]` : ""}`,
        `version:${SACREBLEU_VERSION}`,
      ].join("|");
    },
  };
}

/** Length of hypothesis and reference, matches of each order, n-grams of each order. */
function segmentCounts(hypothesis: string[], references: string[][], maxOrder: number): number[] {
  const [correct, total]: number[][] = [[], []];
  for (let n = 1; n <= maxOrder; n++) {
    const known = references.map((reference) => countGrams(nGrams(reference, n, " ")));
    let matches = 0;
    for (const [gram, count] of countGrams(nGrams(hypothesis, n, " "))) {
      matches += Math.min(count, Math.max(...known.map((counts) => counts.get(gram) ?? 0)));
    }
    correct.push(matches);
    total.push(Math.max(0, hypothesis.length - n + 1));
  }
  return [hypothesis.length, nearest(hypothesis.length, references), ...correct, ...total];
}

/** The length nearest to `length`; of two as near the shorter. */
function nearest(length: number, references: string[][]): number {
  const lengths = references.map((reference) => reference.length).sort((a, b) => a - b);
  return lengths.reduce((best, next) => (Math.abs(next - length) < Math.abs(best - length) ? next : best));
}

function fromCounts(
  statistics: ArrayLike<number>,
  smoothing: BleuSmoothing,
  effectiveOrder: boolean,
): BleuScore {
  const [hypothesisLength, referenceLength, ...rest] = Array.from(statistics);
  const [counts, totals] = [rest.slice(0, rest.length / 2), rest.slice(rest.length / 2)];
  const { precisions, order } = smoothedPrecisions(counts, totals, smoothing);
  const short = hypothesisLength < referenceLength;
  const brevityPenalty = short ? Math.exp(1 - referenceLength / hypothesisLength) : 1;
  const used = effectiveOrder ? order : precisions.length;
  const logs = precisions.slice(0, used).map((p) => (p === 0 ? LOG_OF_ZERO : Math.log(p)));
  const mean = logs.reduce((sum, value) => sum + value, 0) / used;
  const score = order === 0 ? 0 : brevityPenalty * Math.exp(mean);
  return { score, precisions, counts, totals, brevityPenalty, hypothesisLength, referenceLength };
}

/** Precisions of each order, and the last order of which there are n-grams; none where nothing matches. */
function smoothedPrecisions(
  counts: readonly number[],
  totals: readonly number[],
  smoothing: BleuSmoothing,
): { precisions: number[]; order: number } {
  const precisions = counts.map(() => 0);
  if (counts.every((count) => count === 0)) return { precisions, order: 0 };
  let [order, zeros] = [0, 0];
  for (const [i, count] of counts.entries()) {
    const added = smoothing === "add-k" && i > 0 ? SMOOTHING_VALUE["add-k"] : 0;
    const total = totals[i] + added;
    if (total === 0) break;
    order = i + 1;
    if (count + added > 0) precisions[i] = (100 * (count + added)) / total;
    else if (smoothing === "exp") precisions[i] = 100 / (2 ** ++zeros * total);
    else if (smoothing === "floor") precisions[i] = (100 * SMOOTHING_VALUE.floor) / total;
  }
  return { precisions, order };
}
