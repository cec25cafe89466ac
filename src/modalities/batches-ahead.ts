import { type Prefetch, prefetch } from "../data/prefetch/prefetch.js";
import type { TrainingData } from "../data/training-data.js";
import type { Surroundings } from "./modality.js";

/**
 * The same batches, made in a thread from the first step on where the surroundings have threads: by `batch-thread`, which
 * lies beside the module `caller`, with these options.
 */
export function batchesAhead<Options>(
  batches: TrainingData,
  caller: string,
  options: Options,
  { ahead = false }: Surroundings,
): TrainingData {
  if (!ahead) return batches;
  let thread: Prefetch | undefined;
  return {
    ...batches,
    training(index) {
      thread ??= prefetch(
        new URL(`./batch-thread${caller.endsWith(".ts") ? ".ts" : ".js"}`, caller),
        options,
      );
      return thread.batch(index);
    },
    async close() {
      await thread?.close();
      thread = undefined;
    },
  };
}
