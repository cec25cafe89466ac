import type { RandomStream } from "../core/random.js";
import { ObjectiveError } from "./errors.js";

/**
 * The classes of a batch with those hidden, by chance `rate` an image, that a generative model shall do without:
 * they, and images without a class (-1), get the class `numClasses`. Throws `ObjectiveError` for a class beyond
 * that. [Ho & Salimans 2022]
 */
export function dropClasses(
  labels: Int32Array,
  numClasses: number,
  rate: number,
  random: RandomStream,
): Int32Array {
  return labels.map((label) => {
    if (label >= numClasses) throw beyond(label, numClasses);
    const dropped = random.uniform() < rate;
    return dropped || label < 0 ? numClasses : label;
  });
}

function beyond(label: number, numClasses: number): ObjectiveError {
  return new ObjectiveError(
    "an image's class is beyond those that the objective knows",
    `class ${label} of ${numClasses}`,
    "set numClasses of objective and model to that of the data, or give images without classes",
  );
}

/** Throws `ObjectiveError` unless the model knows as many classes as the objective. */
export function checkClasses(model: { readonly numClasses: number }, numClasses: number): void {
  if (model.numClasses === numClasses) return;
  throw new ObjectiveError(
    "model and objective know different numbers of classes",
    `model ${model.numClasses}, objective ${numClasses}`,
    "give both the same numClasses",
  );
}
