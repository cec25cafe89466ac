/** The arrays of a batch by name. Integers are int32 here and int64 in the graph. */
export type Batch = Readonly<Record<string, Int32Array | Float32Array>>;

/** What a run learns from and what it is validated with. */
export interface TrainingData {
  /** Micro-batch number `index` since the start of the run, always the same one. */
  training(index: number): Promise<Batch>;
  /** The validation split, all of it, or `limit` batches of a fair sample that is the same each time. */
  validation(limit?: number): AsyncIterable<Batch>;
  /** How many batches all of the validation split is, where that is known. */
  readonly validationBatches?: number;
  /** What the validation split holds in all, such as `tokens` and `bytes`: what a task's report may need. */
  readonly totals?: Readonly<Record<string, number>>;
  /** Ends what makes the batches; the next one begins it anew. */
  close?(): Promise<void>;
}
