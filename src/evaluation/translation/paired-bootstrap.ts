import { randomStream } from "../../core/random.js";
import { EvaluationError } from "../errors.js";
import { type CorpusMetric, segmentStatistics, type TranslatedSegment } from "./corpus-metric.js";

/** Two systems over the same segments. */
export interface PairedBootstrap {
  readonly baseline: ResampledScore;
  readonly system: ResampledScore;
  /** How likely so large a difference is, either way, where none of them is better. */
  readonly pValue: number;
}

/** A score, and how it varies with the choice of segments. */
export interface ResampledScore {
  readonly score: number;
  /** Over the samples. */
  readonly mean: number;
  /** Half the width of the interval that holds 95 % of the samples. */
  readonly margin: number;
}

/** How often to draw, and of what. */
export interface PairedBootstrapOptions {
  readonly seed: number;
  /** sacreBLEU's default is 1,000. */
  readonly samples?: number;
}

/**
 * Paired bootstrap resampling (Koehn, 2004) with sacreBLEU's p-value and intervals: sample i draws segments by
 * the stream (seed, "paired-bootstrap", i), the same of both systems.
 * @throws EvaluationError where the systems have not the same references in the same order.
 */
export function pairedBootstrap(
  metric: CorpusMetric,
  baseline: readonly TranslatedSegment[],
  system: readonly TranslatedSegment[],
  { seed, samples = 1000 }: PairedBootstrapOptions,
): PairedBootstrap {
  requireSameReferences(baseline, system);
  const both = [baseline, system].map((segments) => segmentStatistics(metric, segments));
  const [ofBaseline, ofSystem] = both.map((rows) => ({
    score: metric.fromStatistics(sumOf(rows, rows.keys())).score,
    drawn: new Float64Array(samples),
  }));
  for (let sample = 0; sample < samples; sample++) {
    const stream = randomStream(seed, "paired-bootstrap", sample);
    const chosen = baseline.map(() => stream.integer(baseline.length));
    ofBaseline.drawn[sample] = metric.fromStatistics(sumOf(both[0], chosen)).score;
    ofSystem.drawn[sample] = metric.fromStatistics(sumOf(both[1], chosen)).score;
  }
  const differences = ofSystem.drawn.map((score, i) => Math.abs(score - ofBaseline.drawn[i]));
  const mean = meanOf(differences);
  const observed = Math.abs(ofSystem.score - ofBaseline.score);
  const beyond = differences.filter((difference) => difference - mean > observed).length;
  return {
    baseline: resampled(ofBaseline.score, ofBaseline.drawn),
    system: resampled(ofSystem.score, ofSystem.drawn),
    pValue: (beyond + 1) / (samples + 1),
  };
}

function requireSameReferences(
  baseline: readonly TranslatedSegment[],
  system: readonly TranslatedSegment[],
): void {
  const differs = ({ references }: TranslatedSegment, i: number) =>
    references.join("\n") !== system[i].references.join("\n");
  const at = baseline.length === system.length ? baseline.findIndex(differs) : undefined;
  if (at === -1) return;
  throw new EvaluationError(
    "two systems can only be compared on the same segments",
    at === undefined
      ? `${baseline.length} and ${system.length} segments`
      : `segment ${at + 1} has other references`,
    "translate the same file with both",
  );
}

function resampled(score: number, drawn: Float64Array): ResampledScore {
  const sorted = drawn.toSorted();
  const outside = Math.floor(sorted.length / 40);
  const margin = (sorted[sorted.length - outside - 1] - sorted[outside]) / 2;
  return { score, mean: meanOf(drawn), margin };
}

function sumOf(rows: readonly number[][], chosen: Iterable<number>): Float64Array {
  const sum = new Float64Array(rows[0].length);
  for (const i of chosen)
    rows[i].forEach((value, column) => {
      sum[column] += value;
    });
  return sum;
}

function meanOf(values: Float64Array): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
