import type { Box, Detection } from "../../data/detection/boxes.js";
import { EvaluationError } from "../errors.js";

/** Throws `EvaluationError` unless each picture has its list, each box a class, and each detection a score. */
export function requireBoxes(
  truth: readonly (readonly Box[])[],
  detections: readonly (readonly Detection[])[],
  numClasses: number,
): void {
  if (truth.length !== detections.length) {
    throw new EvaluationError(
      "each picture needs its true boxes and its detections",
      `${truth.length} and ${detections.length} pictures`,
      "give an empty list for a picture without any",
    );
  }
  const isLabel = (label: number) => Number.isInteger(label) && label >= 0 && label < numClasses;
  for (const [i, boxes] of truth.entries()) {
    const bad = [...boxes, ...detections[i]].find(({ label }) => !isLabel(label));
    if (bad) throw notAClass(i, bad.label, numClasses);
    const unsure = detections[i].find(({ score }) => Number.isNaN(score));
    if (unsure) throw noScore(i, unsure);
  }
}

function notAClass(picture: number, label: number, numClasses: number): EvaluationError {
  return new EvaluationError(
    "a box is of no class",
    `label ${label} in picture ${picture}, with ${numClasses} classes`,
    "number the classes from 0",
  );
}

function noScore(picture: number, { label }: Detection): EvaluationError {
  return new EvaluationError(
    "a detection has no score",
    `one of label ${label} in picture ${picture} has NaN`,
    "give each a number, higher where the model is surer",
  );
}
