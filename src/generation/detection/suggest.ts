import type { Detection } from "../../data/detection/boxes.js";

/** A picture without labels and what a model found in it. */
export interface UnlabelledPicture {
  readonly name: string;
  /** From a low score on: what the model nearly found says the most. */
  readonly detections: readonly Detection[];
}

/**
 * Pictures by how much they would teach if they were labelled, the most first, of equal ones by name: by how unsure the
 * model is of them.
 */
export function byUncertainty<P extends UnlabelledPicture>(
  pictures: readonly P[],
): (P & { uncertainty: number })[] {
  return pictures
    .map((picture) => ({ ...picture, uncertainty: uncertaintyOf(picture.detections) }))
    .sort((a, b) => b.uncertainty - a.uncertainty || (a.name < b.name ? -1 : 1));
}

/**
 * How unsure a model is of a picture, from 0: the sum over its boxes of (1 - |p - q|)^2, with p and q the probabilities
 * of the two likeliest answers, here a box's score and the rest. Brust, Käding and Denzler, "Active learning for deep
 * object detection", 2019, where the sum did better than the mean and the maximum.
 */
export function uncertaintyOf(detections: readonly Detection[]): number {
  return detections.reduce((sum, { score }) => sum + (1 - Math.abs(2 * score - 1)) ** 2, 0);
}
