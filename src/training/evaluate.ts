import type { Batch } from "../data/training-data.js";
import { type CompiledLoss, type Losses, meanLosses } from "./step.js";

/** How well a model does on a split: means over all that counts. */
export interface Evaluation extends Losses {
  /** What the task says of the loss, such as a perplexity. */
  readonly report: Readonly<Record<string, number>>;
  /** What the loss is the mean of, by its name, such as tokens. */
  readonly counts: Readonly<Record<string, number>>;
}

export interface EvaluationOptions {
  /** Those of the batches' data, see `TrainingData`. */
  readonly totals?: Readonly<Record<string, number>>;
  /** Ends it after the batch under way, with the signal's reason. */
  readonly signal?: AbortSignal;
  /** Called after each batch with how many are done. */
  readonly onProgress?: (batches: number) => void;
}

/** Averages over what counts in the batches; NaN where nothing does. */
export async function evaluateLoss(
  compiled: CompiledLoss,
  batches: AsyncIterable<Batch>,
  { totals = {}, signal, onProgress }: EvaluationOptions = {},
): Promise<Evaluation> {
  const parts: Losses[] = [];
  const weights: number[] = [];
  for await (const batch of batches) {
    signal?.throwIfAborted();
    parts.push(await compiled.run(batch));
    weights.push(compiled.count(batch));
    onProgress?.(parts.length);
  }
  const count = weights.reduce((sum, weight) => sum + weight, 0);
  const counts = { [compiled.counts]: count };
  if (count === 0) return { loss: Number.NaN, metrics: {}, report: {}, counts };
  const { loss, metrics } = meanLosses(parts, weights);
  return { loss, metrics, report: compiled.report?.(loss, totals) ?? {}, counts };
}

/** Whether there was anything that counts. */
export function isOfSomething({ counts }: Evaluation): boolean {
  return Object.values(counts).some((count) => count > 0);
}

/** An evaluation in one object, as it is printed. */
export function figuresOf({ loss, metrics, report, counts }: Evaluation) {
  return { loss, metrics, ...report, ...counts };
}
