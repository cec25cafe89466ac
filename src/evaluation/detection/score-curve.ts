import type { Box, Detection } from "../../data/detection/boxes.js";
import { type AreaRange, matched, RIGHT, WRONG } from "./coco-matches.js";
import { byClass } from "./coco-metrics.js";
import { requireBoxes } from "./require-boxes.js";

const ANY_SIZE: AreaRange = [0, Number.POSITIVE_INFINITY];

/** What taking all detections from a score on gives. */
export interface ScorePoint {
  readonly score: number;
  /** The share of those taken that are right. */
  readonly precision: number;
  /** The share of what was to be found that is found. */
  readonly recall: number;
  /** The harmonic mean of both. */
  readonly f1: number;
}

/**
 * Precision and recall at each score that occurs, highest first, at an overlap of 0.5, all classes together: each
 * detection counts once. [] where there was nothing to find.
 * @throws EvaluationError as `cocoMetrics`.
 */
export function scoreCurve(
  truth: readonly (readonly Box[])[],
  detections: readonly (readonly Detection[])[],
  { numClasses }: { readonly numClasses: number },
): ScorePoint[] {
  requireBoxes(truth, detections, numClasses);
  const pictures = byClass(truth, detections, numClasses).flat();
  const found = pictures.map((picture) => matched(picture, ANY_SIZE));
  const counted = found.reduce((sum, picture) => sum + picture.counted, 0);
  if (counted === 0) return [];
  const all = found.flatMap(({ scores, outcomes }) => scores.map((score, d) => [score, outcomes[d]]));
  all.sort(([a], [b]) => b - a);
  const points: ScorePoint[] = [];
  let [right, wrong] = [0, 0];
  all.forEach(([score, outcome], i) => {
    if (outcome === RIGHT) right++;
    else if (outcome === WRONG) wrong++;
    if (score === all[i + 1]?.[0] || right + wrong === 0) return;
    const [precision, recall] = [right / (right + wrong), right / counted];
    points.push({ score, precision, recall, f1: (2 * right) / (right + wrong + counted) });
  });
  return points;
}

/** The point of the best F1, of equal ones that of the highest score: its score is a threshold for use. */
export function bestPoint(curve: readonly ScorePoint[]): ScorePoint | undefined {
  return curve.reduce<ScorePoint | undefined>(
    (best, point) => (best && best.f1 >= point.f1 ? best : point),
    undefined,
  );
}
