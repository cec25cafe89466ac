import type { Tensor, TensorType } from "../core/graph/tensor.js";
import { div, maximum, mul } from "../core/ops/elementwise.js";
import { sum } from "../core/ops/movement.js";
import { mean } from "../core/ops/reduce.js";
import type { RandomStream } from "../core/random.js";
import type { EvaluationImages, ImageBatch, ImageShape } from "../data/images/image.js";
import type { Batch } from "../data/training-data.js";
import type { Parameters } from "../nn/parameter.js";
import type { BatchTensors, MeasuredLoss } from "./objective.js";

/** The fixed shape of batches of images. */
export interface ImageBatchShape extends ImageShape {
  readonly batchSize: number;
}

/** What a model of images is trained to do. */
export interface ImageObjective<Model> {
  /** Augmented views of each image that a batch holds, one image's views behind each other; default 1. */
  readonly views?: number;
  /** The tensors that the loss reads, by the names they have in a completed batch. */
  batch(shape: ImageBatchShape): Record<string, TensorType>;
  /** Adds what the loss draws at random, such as noise, times or masks: a pure function of images and stream. */
  complete(batch: ImageBatch, shape: ImageBatchShape, random: RandomStream): Batch;
  /** The loss, a scalar, and other scalars to log. */
  loss(model: Model, p: Parameters, batch: BatchTensors): MeasuredLoss;
  /**
   * The tensors of a batch that is evaluated, where images that only fill it up have to be told apart: see
   * `evaluatedBatch`. Default: those of any batch, for such images count for nothing as they have no class.
   */
  evaluated?(shape: ImageBatchShape): Record<string, TensorType>;
  /** What the loss is the mean of; default "images". */
  readonly counts?: string;
  /** How many of them a batch holds. */
  count(batch: Batch): number;
}

/** `counted` and `present` of `evaluatedBatch` as tensors. */
export const flagOf = ({ batchSize }: ImageBatchShape) => ({ dtype: "float32", shape: [batchSize] }) as const;

/** The mean over a batch [b, ...], or over those of its images for which `counted` [b] is 1 and not 0. */
export function meanOfCounted(values: Tensor, counted?: Tensor): Tensor<""> {
  if (!counted) return mean<"">(values);
  const each = values.shape.length === 1 ? values : mean(values, [...values.shape.keys()].slice(1));
  return div(sum<"">(mul(each, counted)), maximum(sum<"">(counted), 1));
}

/** How many of the images of a batch count: all, or those that `counted` says. */
export function countOf({ counted }: Batch, batchSize: number): number {
  return counted ? (counted as Float32Array).reduce((sum, weight) => sum + weight, 0) : batchSize;
}

/**
 * A batch to be evaluated: completed, with `counted` [b], 0 for an image that only fills it up, and `present` [b], 0
 * for one that is there already; otherwise 1.
 */
export function evaluatedBatch(batch: Batch, { count, distinct, indices }: EvaluationImages): Batch {
  const until = (end: number) => Float32Array.from(indices, (_, row) => Number(row < end));
  return { ...batch, counted: until(count), present: until(distinct) };
}

/**
 * Completes each image by a stream of its own, chosen by the image's number in its set, so that what is drawn does not
 * depend on the batch that it is in.
 */
export function completeEach(
  { complete }: Pick<ImageObjective<never>, "complete">,
  { images, labels, indices }: EvaluationImages,
  shape: ImageBatchShape,
  randomOf: (index: number) => RandomStream,
): Batch {
  const size = images.length / indices.length;
  const rows = indices.map((index, row) => {
    const one = {
      images: images.subarray(row * size, (row + 1) * size),
      labels: labels.subarray(row, row + 1),
    };
    return complete(one, { ...shape, batchSize: 1 }, randomOf(index));
  });
  return Object.fromEntries(Object.keys(rows[0]).map((name) => [name, joined(rows.map((row) => row[name]))]));
}

/** Arrays of one kind and length, behind each other. */
function joined(parts: readonly Batch[string][]): Batch[string] {
  const [first] = parts;
  const length = first.length * parts.length;
  const whole = first instanceof Int32Array ? new Int32Array(length) : new Float32Array(length);
  for (const [i, part] of parts.entries()) whole.set(part, i * first.length);
  return whole;
}
