import type { Prefetch } from "../data/prefetch/prefetch.js";
import type { TrainingData } from "../data/training-data.js";
import type { Surroundings } from "./modality.js";

/** The same batches, made in a thread from the first step on where the surroundings have threads. */
export function batchesAhead(
  batches: TrainingData,
  start: () => Prefetch,
  { ahead = false }: Surroundings,
): TrainingData {
  if (!ahead) return batches;
  let thread: Prefetch | undefined;
  return {
    ...batches,
    training(index) {
      thread ??= start();
      return thread.batch(index);
    },
    async close() {
      await thread?.close();
      thread = undefined;
    },
  };
}
