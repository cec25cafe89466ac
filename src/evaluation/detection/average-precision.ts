import { type MatchedDetections, OVERLAP_THRESHOLDS, RIGHT, WRONG } from "./coco-matches.js";

/** Recall 0, 0.01, ... 1. */
export const RECALLS: readonly number[] = Array.from({ length: 101 }, (_, i) => i * 0.01);

/** Precision by recall, and the recall reached, of one class. */
export interface ClassPrecision {
  /** [thresholds, recalls]: the best precision at that recall or a higher one, 0 where it is not reached. */
  readonly precision: Float64Array;
  /** [thresholds, recalls]: the score from which on detections have to be taken for it. */
  readonly scores: Float64Array;
  /** [thresholds] */
  readonly recall: Float64Array;
  /** True boxes that were to be found. */
  readonly counted: number;
}

/** NumPy's `spacing(1)`, which keeps pycocotools from dividing by 0. */
const LEAST = Number.EPSILON;

/**
 * Precision by recall over all pictures, of each the `most` surest detections; undefined where there was nothing to
 * find. [pycocotools 2.0.11, cocoeval.py, `accumulate`]
 */
export function precisionByRecall(
  pictures: readonly MatchedDetections[],
  most: number,
): ClassPrecision | undefined {
  const counted = pictures.reduce((sum, picture) => sum + picture.counted, 0);
  if (counted === 0) return undefined;
  const all = pictures.flatMap((picture) =>
    picture.scores.slice(0, most).map((score, at) => ({ score, picture, at })),
  );
  all.sort((a, b) => b.score - a.score);
  const sorted = all.map(({ score }) => score);
  const size = OVERLAP_THRESHOLDS.length * RECALLS.length;
  const [precision, scores] = [new Float64Array(size), new Float64Array(size)];
  const recall = OVERLAP_THRESHOLDS.map((_, t) => {
    const outcomes = all.map(({ picture, at }) => picture.outcomes[t * picture.scores.length + at]);
    const curve = monotone(outcomes, counted);
    let at = 0;
    RECALLS.forEach((wanted, r) => {
      while (at < all.length && curve.recall[at] < wanted) at++;
      if (at === all.length) return;
      precision[t * RECALLS.length + r] = curve.precision[at];
      scores[t * RECALLS.length + r] = sorted[at];
    });
    return curve.recall.at(-1) ?? 0;
  });
  return { precision, scores, recall: Float64Array.from(recall), counted };
}

/** After each detection: how much is found, and how much of what was found is right, at that recall or beyond. */
function monotone(outcomes: readonly number[], counted: number): { recall: number[]; precision: number[] } {
  const [recall, precision]: number[][] = [[], []];
  let [right, wrong] = [0, 0];
  for (const outcome of outcomes) {
    if (outcome === RIGHT) right++;
    else if (outcome === WRONG) wrong++;
    recall.push(right / counted);
    precision.push(right / (right + wrong + LEAST));
  }
  for (let i = precision.length - 1; i > 0; i--) precision[i - 1] = Math.max(precision[i - 1], precision[i]);
  return { recall, precision };
}
