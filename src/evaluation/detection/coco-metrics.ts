import type { Box, Detection } from "../../data/detection/boxes.js";
import { type ClassPrecision, precisionByRecall, RECALLS } from "./average-precision.js";
import {
  type AreaRange,
  type ClassInPicture,
  type MatchedDetections,
  MOST_DETECTIONS,
  matched,
  OVERLAP_THRESHOLDS,
  overlapping,
} from "./coco-matches.js";
import { requireBoxes } from "./require-boxes.js";

const ANY_SIZE: AreaRange = [0, 1e10];
const SIZES = { small: [0, 32 ** 2], medium: [32 ** 2, 96 ** 2], large: [96 ** 2, 1e10] } as const;
const AT_75 = OVERLAP_THRESHOLDS.indexOf(0.75);

/** COCO's twelve numbers, 0 to 1; undefined where there was nothing of that size to find, which pycocotools calls -1. */
export interface CocoMetrics {
  /** The mean over ten thresholds of overlap, 0.5 to 0.95, and over the classes that are there to be found. */
  readonly ap: number | undefined;
  readonly ap50: number | undefined;
  readonly ap75: number | undefined;
  /** Of objects up to 32 x 32 pixels, up to 96 x 96, and larger. */
  readonly apSmall: number | undefined;
  readonly apMedium: number | undefined;
  readonly apLarge: number | undefined;
  /** Recall by at most 1, 10 and 100 detections of a class in a picture. */
  readonly ar1: number | undefined;
  readonly ar10: number | undefined;
  readonly ar100: number | undefined;
  readonly arSmall: number | undefined;
  readonly arMedium: number | undefined;
  readonly arLarge: number | undefined;
  /** By label; undefined for a class of which nothing was to be found. */
  readonly perClass: readonly (ClassMetrics | undefined)[];
}

/** The numbers of one class. */
export interface ClassMetrics {
  readonly ap: number;
  readonly ap50: number;
  readonly ap75: number;
  readonly ar100: number;
  /** True boxes that were to be found. */
  readonly count: number;
  /** At an overlap of 0.5: for each recall from 0 to 1 in steps of 0.01. */
  readonly curve: readonly RecallPoint[];
}

/** The best precision at a recall, and the score from which on detections have to be taken for it; 0 if out of reach. */
export interface RecallPoint {
  readonly recall: number;
  readonly precision: number;
  readonly score: number;
}

/**
 * COCO's average precision and recall of boxes, equal to pycocotools 2.0.11's. Item i of `truth` and of `detections`
 * belong to picture i: nothing is matched by an id. An ignored box is COCO's crowd.
 * @throws EvaluationError where pictures, labels or scores are not as they have to be.
 */
export function cocoMetrics(
  truth: readonly (readonly Box[])[],
  detections: readonly (readonly Detection[])[],
  { numClasses }: { readonly numClasses: number },
): CocoMetrics {
  requireBoxes(truth, detections, numClasses);
  const classes = byClass(truth, detections, numClasses);
  const matches = (range: AreaRange) =>
    classes.map((pictures) => pictures.map((found) => matched(found, range)));
  const curves = (found: MatchedDetections[][], most = MOST_DETECTIONS) =>
    found.map((pictures) => precisionByRecall(pictures, most));
  const ofAnySize = matches(ANY_SIZE);
  const all = curves(ofAnySize);
  const [small, medium, large] = [SIZES.small, SIZES.medium, SIZES.large].map((range) =>
    curves(matches(range)),
  );
  return {
    ap: meanOver(all, precisionOf()),
    ap50: meanOver(all, precisionOf(0)),
    ap75: meanOver(all, precisionOf(AT_75)),
    apSmall: meanOver(small, precisionOf()),
    apMedium: meanOver(medium, precisionOf()),
    apLarge: meanOver(large, precisionOf()),
    ar1: meanOver(curves(ofAnySize, 1), recallOf),
    ar10: meanOver(curves(ofAnySize, 10), recallOf),
    ar100: meanOver(all, recallOf),
    arSmall: meanOver(small, recallOf),
    arMedium: meanOver(medium, recallOf),
    arLarge: meanOver(large, recallOf),
    perClass: all.map((found) => found && metricsOf(found)),
  };
}

/** For each class, the pictures with boxes of it. */
export function byClass(
  truth: readonly (readonly Box[])[],
  detections: readonly (readonly Detection[])[],
  numClasses: number,
): ClassInPicture[][] {
  const classes: ClassInPicture[][] = Array.from({ length: numClasses }, () => []);
  truth.forEach((boxes, i) => {
    for (const label of new Set([...boxes, ...detections[i]].map((box) => box.label))) {
      const isOne = (box: { readonly label: number }) => box.label === label;
      classes[label].push(overlapping(boxes.filter(isOne), detections[i].filter(isOne)));
    }
  });
  return classes;
}

function metricsOf(found: ClassPrecision): ClassMetrics {
  const point = (recall: number, r: number) => ({
    recall,
    precision: found.precision[r],
    score: found.scores[r],
  });
  return {
    ap: meanOf(precisionOf()(found)),
    ap50: meanOf(precisionOf(0)(found)),
    ap75: meanOf(precisionOf(AT_75)(found)),
    ar100: meanOf(found.recall),
    count: found.counted,
    curve: RECALLS.map(point),
  };
}

/** The precisions at one of the thresholds, or at all. */
function precisionOf(threshold?: number): (found: ClassPrecision) => Float64Array {
  if (threshold === undefined) return ({ precision }) => precision;
  const start = threshold * RECALLS.length;
  return ({ precision }) => precision.subarray(start, start + RECALLS.length);
}

function recallOf({ recall }: ClassPrecision): Float64Array {
  return recall;
}

function meanOver(
  classes: readonly (ClassPrecision | undefined)[],
  values: (found: ClassPrecision) => Float64Array,
): number | undefined {
  const means = classes.flatMap((found) => (found ? [meanOf(values(found))] : []));
  return means.length === 0 ? undefined : meanOf(means);
}

function meanOf(values: Float64Array | readonly number[]): number {
  let sum = 0;
  for (const value of values) sum += value;
  return sum / values.length;
}
