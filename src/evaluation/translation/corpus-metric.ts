import { EvaluationError } from "../errors.js";

/** A translation, and what people wrote for the same source. */
export interface TranslatedSegment {
  readonly hypothesis: string;
  /** One or more; they need not be as many for every segment. */
  readonly references: readonly string[];
}

/** A metric whose statistics of segments add up to those of the corpus, as in sacreBLEU (Post, 2018). */
export interface CorpusMetric<Score extends { readonly score: number } = { readonly score: number }> {
  /** As many counts for every segment. */
  statistics(segment: TranslatedSegment): number[];
  /** What summed statistics are worth. */
  fromStatistics(totals: ArrayLike<number>): Score;
  /** sacreBLEU's signature of this metric over these segments: what makes two scores comparable. */
  signature(segments: readonly TranslatedSegment[]): string;
}

/** Whose arithmetic the signatures promise. */
export const SACREBLEU_VERSION = "2.6.0";

/**
 * The metric over all segments together.
 * @throws EvaluationError without segments, or where one has no reference.
 */
export function corpusScore<Score extends { readonly score: number }>(
  metric: CorpusMetric<Score>,
  segments: readonly TranslatedSegment[],
): Score {
  const rows = segmentStatistics(metric, segments);
  return metric.fromStatistics(rows.reduce((sum, row) => sum.map((value, i) => value + row[i])));
}

/**
 * Statistics of each segment.
 * @throws EvaluationError without segments, or where one has no reference.
 */
export function segmentStatistics(metric: CorpusMetric, segments: readonly TranslatedSegment[]): number[][] {
  const bare = segments.findIndex(({ references }) => references.length === 0);
  if (segments.length === 0 || bare >= 0) {
    throw new EvaluationError(
      "translations cannot be measured without references",
      segments.length === 0 ? "no segment" : `segment ${bare + 1} of ${segments.length} has none`,
      "give at least one segment, and each at least one reference",
    );
  }
  return segments.map((segment) => metric.statistics(segment));
}

/** How many references the segments have, as signatures say it. */
export function referenceCount(segments: readonly TranslatedSegment[]): string {
  const counts = new Set(segments.map(({ references }) => references.length));
  return counts.size === 1 ? `${[...counts][0]}` : "var";
}

/** How often each of `grams` is there. */
export function countGrams(grams: Iterable<string>): Map<string, number> {
  const counts = new Map<string, number>();
  for (const gram of grams) counts.set(gram, (counts.get(gram) ?? 0) + 1);
  return counts;
}

/** Runs of `n` neighbours, joined by `separator`. */
export function nGrams(units: readonly string[], n: number, separator: string): string[] {
  const grams: string[] = [];
  for (let i = 0; i + n <= units.length; i++) grams.push(units.slice(i, i + n).join(separator));
  return grams;
}
