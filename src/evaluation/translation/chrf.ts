import { words } from "../whitespace.js";
import {
  type CorpusMetric,
  corpusScore,
  countGrams,
  nGrams,
  referenceCount,
  SACREBLEU_VERSION,
  type TranslatedSegment,
} from "./corpus-metric.js";

/** How chrF is counted; without any, chrF2 as sacreBLEU does. */
export interface ChrfOptions {
  /** The longest n-grams of words: 0 is chrF, 2 is chrF++. */
  readonly wordOrder?: number;
  readonly lowercase?: boolean;
}

const CHARACTER_ORDER = 6;
/** How often recall counts as much as precision, squared. */
const BETA_SQUARED = 2 ** 2;
/** Of Python's `string.punctuation`. */
const PUNCTUATION = /[!-/:-@[-`{-~]/;

/**
 * chrF2 of a corpus (Popović, 2015), or chrF++ (Popović, 2017), 0 to 100, equal to sacreBLEU 2.6.0's.
 * @throws EvaluationError without segments, or where one has no reference.
 */
export function chrf(segments: readonly TranslatedSegment[], options?: ChrfOptions): number {
  return corpusScore(chrfMetric(options), segments).score;
}

/** chrF as a metric, for `pairedBootstrap` and its signature. */
export function chrfMetric(options: ChrfOptions = {}): CorpusMetric {
  const { wordOrder = 0, lowercase = false } = options;
  const grams = (text: string) => gramsOf(lowercase ? text.toLowerCase() : text, wordOrder);
  return {
    statistics({ hypothesis, references }) {
      const ofHypothesis = grams(hypothesis);
      const found = references.map((reference) => matches(ofHypothesis, grams(reference)));
      return found.reduce((best, next) => (fScore(next) > fScore(best) ? next : best));
    },
    fromStatistics: (totals) => ({ score: fScore(totals) }),
    signature: (segments) =>
      [
        `nrefs:${referenceCount(segments)}`,
        `case:${lowercase ? "lc" : "mixed"}`,
        "eff:yes",
        `nc:${CHARACTER_ORDER}`,
        `nw:${wordOrder}`,
        "space:no",
        `version:${SACREBLEU_VERSION}`,
      ].join("|"),
  };
}

/** n-grams of characters, then of words, counted, an order each. */
function gramsOf(text: string, wordOrder: number): Map<string, number>[] {
  const spaced = words(text);
  const characters = [...spaced.join("")];
  const parted = spaced.flatMap(withoutPunctuation);
  return [
    ...Array.from({ length: CHARACTER_ORDER }, (_, i) => countGrams(nGrams(characters, i + 1, ""))),
    ...Array.from({ length: wordOrder }, (_, i) => countGrams(nGrams(parted, i + 1, " "))),
  ];
}

/** One mark is parted off the end, or else off the beginning. */
function withoutPunctuation(word: string): string[] {
  const characters = [...word];
  if (characters.length === 1) return [word];
  if (PUNCTUATION.test(characters.at(-1)!)) return [word.slice(0, -1), word.slice(-1)];
  return PUNCTUATION.test(characters[0]) ? [word.slice(0, 1), word.slice(1)] : [word];
}

/** Of each order: n-grams of the hypothesis (none where the reference has none), of the reference, of both. */
function matches(hypothesis: Map<string, number>[], reference: Map<string, number>[]): number[] {
  return hypothesis.flatMap((counts, order) => {
    const known = reference[order];
    let [all, both] = [0, 0];
    for (const [gram, count] of counts) {
      all += count;
      both += Math.min(count, known.get(gram) ?? 0);
    }
    const length = [...known.values()].reduce((sum, count) => sum + count, 0);
    return [known.size > 0 ? all : 0, length, both];
  });
}

/** F of precision and recall, each the mean over the orders that both sides have, 0 to 100. */
function fScore(statistics: ArrayLike<number>): number {
  let [orders, precision, recall] = [0, 0, 0];
  for (let i = 0; i < statistics.length; i += 3) {
    const [inHypothesis, inReference, inBoth] = [statistics[i], statistics[i + 1], statistics[i + 2]];
    if (inHypothesis === 0 || inReference === 0) continue;
    precision += inBoth / inHypothesis;
    recall += inBoth / inReference;
    orders++;
  }
  if (precision + recall === 0) return 0;
  [precision, recall] = [precision / orders, recall / orders];
  return (100 * (1 + BETA_SQUARED) * precision * recall) / (BETA_SQUARED * precision + recall);
}
