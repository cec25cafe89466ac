import { permuted } from "../core/random.js";

/** How much of a set an evaluation reads. */
export interface EvaluationPart {
  readonly batchSize: number;
  /** Batches at most; default all. */
  readonly limit?: number;
  /** Chooses what a limit leaves; default 0. */
  readonly seed?: number;
}

/**
 * The examples of each batch of an evaluation by their numbers: all in order, or, where `limit` batches hold fewer,
 * as many chosen by the seed, the same each time, for a set may be sorted. The last batch may be smaller.
 */
export function* evaluationOrder(
  count: number,
  { batchSize, limit = Number.POSITIVE_INFINITY, seed = 0 }: EvaluationPart,
): Generator<number[]> {
  const batches = Math.min(limit, Math.ceil(count / batchSize));
  const isSample = batches * batchSize < count;
  for (let batch = 0; batch < batches; batch++) {
    const start = batch * batchSize;
    const rows = Math.min(batchSize, count - start);
    yield Array.from({ length: rows }, (_, row) =>
      isSample ? permuted(start + row, count, seed, "evaluation sample") : start + row,
    );
  }
}
