import type { PaddedObjective } from "./padded-objective.js";

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
export type SpeechObjective<Model> = PaddedObjective<Model, SpeechBatch, SpeechBatchShape>;

/** `features` and `valid` as tensors: what every model of speech reads. */
export const framesOf = ({ batchSize, frames, featureWidth }: SpeechBatchShape) =>
  ({
    features: { dtype: "float32", shape: [batchSize, frames, featureWidth] },
    valid: { dtype: "float32", shape: [batchSize, frames] },
  }) as const;
