import type { TensorType } from "../core/graph/tensor.js";
import type { RandomStream } from "../core/random.js";
import type { Batch } from "../data/training-data.js";
import type { Parameters } from "../nn/parameter.js";
import type { BatchTensors, MeasuredLoss, Report } from "./objective.js";

/** What a model is trained to do with examples of different lengths, padded to one of a few shapes. */
export interface PaddedObjective<Model, Examples, Shape> {
  /** The tensors that the loss reads, by the names they have in a completed batch. */
  batch(shape: Shape): Record<string, TensorType>;
  /**
   * Adds what the loss draws at random, such as masks: for each row a pure function of the example and of the row's
   * own stream, so that it does not depend on the other rows.
   */
  complete(batch: Examples, shape: Shape, streams: readonly RandomStream[]): Batch;
  /** The loss, a scalar, and other scalars to log. */
  loss(model: Model, p: Parameters, batch: BatchTensors): MeasuredLoss;
  /** The tensors of a batch that is evaluated: without those that hide parts of the model. */
  evaluated(shape: Shape): Record<string, TensorType>;
  /** The loss that is evaluated, where it is not the one that is learned from. */
  readonly evaluation?: Pick<PaddedObjective<Model, Examples, Shape>, "loss">;
  /** What the loss is the mean of, such as "recordings". */
  readonly counts: string;
  /** How many of them a batch holds. */
  count(batch: Batch): number;
  readonly report?: Report;
}

/** 1 for what an example has, 0 for padding behind it, up to the longest length: [b, t]. */
export function validUpTo(lengths: readonly number[], longest: number): Float32Array {
  const valid = new Float32Array(lengths.length * longest);
  lengths.forEach((length, row) => {
    valid.fill(1, row * longest, row * longest + length);
  });
  return valid;
}
