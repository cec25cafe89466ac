/** Whether a classifier that the drawing model does not know sees in samples the classes that were asked for. */
import { input } from "../../core/graph/tensor.js";
import { argmax } from "../../core/ops/reduce.js";
import { compile, hostTensor, type Runtime, type SessionOptions } from "../../core/runtime/session.js";
import type { ImageBatch } from "../../data/images/image.js";
import type { ImageClassifier } from "../../models/image-model.js";
import { inputsFor } from "../../nn/parameter.js";
import type { Weights } from "../../nn/weights.js";
import { EvaluationError } from "../errors.js";

/** How many images there are of each class, and how many of them the classifier takes for it. */
export interface ClassifierAccuracy {
  readonly accuracy: number;
  readonly count: Int32Array;
  readonly right: Int32Array;
}

/** Throws `EvaluationError` for a class that the classifier does not have, or no images. */
export async function classifierAccuracy(
  runtime: Runtime,
  classifier: ImageClassifier,
  weights: Weights,
  batches: Iterable<ImageBatch> | AsyncIterable<ImageBatch>,
  options: SessionOptions = {},
): Promise<ClassifierAccuracy> {
  const { channels, height, width, numClasses } = classifier;
  const session = await compile(runtime, { predicted: predictedClass(classifier) }, options, weights);
  const [count, right] = [new Int32Array(numClasses), new Int32Array(numClasses)];
  try {
    for await (const { images, labels } of batches) {
      for (const label of labels) checkClass(label, numClasses);
      const shape = [labels.length, channels, height, width];
      const { predicted } = await session.run({ images: hostTensor("float32", shape, images) });
      labels.forEach((label, i) => {
        count[label]++;
        if (Number(predicted.data[i]) === label) right[label]++;
      });
    }
  } finally {
    await session.release();
  }
  const total = count.reduce((a, b) => a + b, 0);
  if (total > 0) return { accuracy: right.reduce((a, b) => a + b, 0) / total, count, right };
  throw new EvaluationError("there are no images to measure", "0 images", "give at least one batch");
}

function predictedClass(classifier: ImageClassifier) {
  const { channels, height, width, parameters } = classifier;
  const p = inputsFor(parameters);
  const images = input<"b c h w">("images", "float32", ["b", channels, height, width]);
  return argmax(classifier.logits(p, images), 1);
}

function checkClass(label: number, numClasses: number): void {
  if (label >= 0 && label < numClasses) return;
  throw new EvaluationError(
    "the classifier does not know a class",
    `class ${label} of ${numClasses}`,
    "give images of its classes",
  );
}
