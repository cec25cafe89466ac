import type { Box, Detection } from "../../data/detection/boxes.js";
import { insideOf } from "./coco-matches.js";
import { requireBoxes } from "./require-boxes.js";

/** A detection that lies in a crowd of its class by this share is not counted. */
const MOSTLY = 0.5;

/** How far counts are off, in objects a picture. */
export interface CountError {
  /** The mean of the differences' sizes. */
  readonly absolute: number;
  /** The mean of the differences: above 0 where too many are counted. */
  readonly bias: number;
  /** Over all pictures. */
  readonly truth: number;
  readonly counted: number;
}

/** The error of counts for all classes together, and by label. */
export interface CountErrors extends CountError {
  readonly perClass: readonly CountError[];
}

/**
 * How far the number of detections from a score on is from the number of true boxes, picture by picture. Ignored boxes,
 * and detections that lie mostly in one of their class, are not counted.
 * @throws EvaluationError as `cocoMetrics`,.
 */
export function countErrors(
  truth: readonly (readonly Box[])[],
  detections: readonly (readonly Detection[])[],
  { numClasses, threshold }: { readonly numClasses: number; readonly threshold: number },
): CountErrors {
  requireBoxes(truth, detections, numClasses);
  const taken = detections.map((found, i) =>
    found.filter((one) => one.score >= threshold && !isInCrowd(one, truth[i])),
  );
  const wanted = truth.map((boxes) => boxes.filter(({ ignored }) => !ignored));
  const errorOf = (label?: number) => {
    const count = (boxes: readonly { readonly label: number }[]) =>
      label === undefined ? boxes.length : boxes.filter((box) => box.label === label).length;
    return countError(wanted.map(count), taken.map(count));
  };
  return { ...errorOf(), perClass: Array.from({ length: numClasses }, (_, label) => errorOf(label)) };
}

function isInCrowd(detection: Detection, boxes: readonly Box[]): boolean {
  return boxes.some(
    (box) => box.ignored && box.label === detection.label && insideOf(box, detection) >= MOSTLY,
  );
}

function countError(truth: readonly number[], counted: readonly number[]): CountError {
  const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);
  const differences = truth.map((count, i) => counted[i] - count);
  return {
    absolute: sum(differences.map(Math.abs)) / truth.length,
    bias: sum(differences) / truth.length,
    truth: sum(truth),
    counted: sum(counted),
  };
}
