/** Cross-entropy with smoothed labels (Szegedy et al. 2016, section 7), over classes that may be blended. */
import type { Tensor } from "../core/graph/tensor.js";
import { cast, div, maximum, mul, neg } from "../core/ops/elementwise.js";
import { equal, greater } from "../core/ops/logic.js";
import { sum } from "../core/ops/movement.js";
import { logSoftmax } from "../core/ops/normalise.js";
import { argmax } from "../core/ops/reduce.js";
import type { ImageBatch } from "../data/images/image.js";
import type { ImageClassifier } from "../models/image-model.js";
import { ObjectiveError } from "./errors.js";
import type { ImageObjective } from "./image-objective.js";

/** What classes are learned by. */
export interface CrossEntropyOptions {
  readonly numClasses: number;
  /** The share of an image that all classes have equally; default 0. */
  readonly labelSmoothing?: number;
}

/** Mean of -sum_k target log softmax(logits) over the rows that have a target, and how often both name one class. */
export function crossEntropyLoss(logits: Tensor<"b k">, targets: Tensor<"b k">) {
  const counted = cast(greater(sum<"b">(targets, [1]), 0), logits.dtype);
  const mean = (x: Tensor<"b">): Tensor<""> => div(sum(mul(x, counted)), maximum(sum(counted), 1));
  const losses = neg(sum<"b">(mul(targets, logSoftmax(logits)), [1]));
  const right = cast(equal(argmax<"b">(logits, 1), argmax<"b">(targets, 1)), logits.dtype);
  return { loss: mean(losses), metrics: { accuracy: mean(right) } };
}

/**
 * Tells the class of an image. A batch holds `images` and `targets` [b, k], the shares of the classes, from the
 * batch's own `targets` or from its labels; an image without label counts for nothing. `complete` throws
 * `ObjectiveError` for a label that is no class.
 */
export function crossEntropy({
  numClasses,
  labelSmoothing = 0,
}: CrossEntropyOptions): ImageObjective<ImageClassifier> {
  return {
    batch: ({ batchSize, channels, height, width }) => ({
      images: { dtype: "float32", shape: [batchSize, channels, height, width] },
      targets: { dtype: "float32", shape: [batchSize, numClasses] },
    }),
    complete: (batch) => ({
      images: batch.images,
      targets: smoothed(batch.targets ?? oneHotRows(batch, numClasses), numClasses, labelSmoothing),
    }),
    loss(model, p, { images, targets }) {
      if (model.numClasses !== numClasses) {
        throw new ObjectiveError(
          "the classifier and its objective differ in classes",
          `${model.numClasses} and ${numClasses}`,
          "give both the same number",
        );
      }
      return crossEntropyLoss(model.logits(p, images), targets);
    },
    count: ({ targets }) => rowsOf(targets as Float32Array, numClasses).filter(hasTarget).length,
  };
}

const hasTarget = (row: Float32Array) => row.some((share) => share > 0);

function rowsOf(targets: Float32Array, numClasses: number): Float32Array[] {
  return Array.from({ length: targets.length / numClasses }, (_, i) =>
    targets.subarray(i * numClasses, (i + 1) * numClasses),
  );
}

function oneHotRows({ labels }: ImageBatch, numClasses: number): Float32Array {
  const targets = new Float32Array(labels.length * numClasses);
  labels.forEach((label, i) => {
    if (label >= numClasses) {
      throw new ObjectiveError(
        "an image's label is no class of the model",
        `label ${label}, ${numClasses} classes`,
        `give labels from 0 to ${numClasses - 1}, or -1 for none`,
      );
    }
    if (label >= 0) targets[i * numClasses + label] = 1;
  });
  return targets;
}

/** Rows without a target stay zero. */
function smoothed(targets: Float32Array, numClasses: number, labelSmoothing: number): Float32Array {
  if (labelSmoothing === 0) return targets;
  const result = new Float32Array(targets.length);
  rowsOf(targets, numClasses).forEach((row, i) => {
    if (!hasTarget(row)) return;
    const smooth = row.map((share) => (1 - labelSmoothing) * share + labelSmoothing / numClasses);
    result.set(smooth, i * numClasses);
  });
  return result;
}
