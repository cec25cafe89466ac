import type { PaddedObjective } from "./padded-objective.js";

/** The fixed shape of batches of pairs of sequences. Buckets of lengths are so many shapes. */
export interface SequenceBatchShape {
  readonly batchSize: number;
  /** Most tokens of a source. */
  readonly source: number;
  /** Most tokens of a target, its end among them. */
  readonly target: number;
}

/** What is read, and what is to be written: token ids without padding; the target's end is added to it. */
export interface SequencePair {
  readonly source: ArrayLike<number>;
  readonly target: ArrayLike<number>;
}

/** The pairs of a batch, of which the first `count` are counted; the others only fill it. */
export interface SequenceBatch {
  readonly pairs: readonly SequencePair[];
  readonly count: number;
}

/** What a model that turns one sequence into another is trained to do. */
export type SequenceObjective<Model> = PaddedObjective<Model, SequenceBatch, SequenceBatchShape>;
