import type { TensorType } from "../core/graph/tensor.js";
import type { RandomStream } from "../core/random.js";
import type { Batch } from "../data/training-data.js";
import type { Parameters } from "../nn/parameter.js";
import type { BatchTensors, MeasuredLoss } from "./objective.js";

/** The fixed shape of batches of recordings. Buckets of lengths are so many shapes. */
export interface SpeechBatchShape {
  readonly batchSize: number;
  /** Most frames of a recording. */
  readonly frames: number;
  /** Of a frame. */
  readonly featureWidth: number;
  /** Most labels of a recording. */
  readonly maxLabels: number;
}

/** Recordings, each padded to the batch's shape. */
export interface SpeechBatch {
  /** [b, t, f], whatever behind a recording's last frame. */
  readonly features: Float32Array;
  /** How many frames each recording has: 0 for a row that only fills the batch and counts for nothing. */
  readonly frames: readonly number[];
  /** What each recording says, symbols from 1 on: for an objective that learns from text. */
  readonly labels?: readonly (readonly number[])[];
  /** [b, t, k], the number of each frame's code in each of k codebooks: for an objective that learns from sound alone. */
  readonly codes?: Uint16Array;
}

/** What a model of speech is trained to do. */
export interface SpeechObjective<Model> {
  /** The tensors that the loss reads, by the names they have in a completed batch. */
  batch(shape: SpeechBatchShape): Record<string, TensorType>;
  /**
   * Adds what the loss draws at random, such as masks: for each row a pure function of the recording and of the row's
   * own stream, so that it does not depend on the other rows.
   */
  complete(batch: SpeechBatch, shape: SpeechBatchShape, streams: readonly RandomStream[]): Batch;
  /** The loss, a scalar, and other scalars to log. */
  loss(model: Model, p: Parameters, batch: BatchTensors): MeasuredLoss;
  /** The tensors of a batch that is evaluated: without those that hide parts of the model. */
  evaluated(shape: SpeechBatchShape): Record<string, TensorType>;
  /** What the loss is the mean of, such as "recordings". */
  readonly counts: string;
  /** How many of them a batch holds. */
  count(batch: Batch): number;
}

/** `features` and `valid` as tensors: what every model of speech reads. */
export const framesOf = ({ batchSize, frames, featureWidth }: SpeechBatchShape) =>
  ({
    features: { dtype: "float32", shape: [batchSize, frames, featureWidth] },
    valid: { dtype: "float32", shape: [batchSize, frames] },
  }) as const;

/** 1 for a frame of a recording, 0 for padding behind it: [b, t]. */
export function validFrames(frames: readonly number[], { frames: most }: Pick<SpeechBatchShape, "frames">) {
  const valid = new Float32Array(frames.length * most);
  frames.forEach((count, row) => {
    valid.fill(1, row * most, row * most + count);
  });
  return valid;
}
