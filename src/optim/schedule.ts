import { OptimizerError } from "./optimizer.js";

/** How the learning rate moves over a run of a known number of steps. */
export interface Schedule {
  /** "wsd" is warm-up, stable, decay (Hu et al. 2024): constant until the last `decaySteps`. */
  readonly kind: "constant" | "cosine" | "linear" | "wsd";
  /** Steps in which the rate rises linearly from near zero; default 0. */
  readonly warmupSteps?: number;
  /** Steps of the final linear decay of "wsd"; default a fifth of the run. */
  readonly decaySteps?: number;
  /** Share of the rate that is left at the end; default 0.1, and 0 for "wsd" and "linear". */
  readonly finalFactor?: number;
}

/**
 * Factor on the learning rate at `step` (the first is 0) of `totalSteps`. Throws `OptimizerError` when
 * warm-up and decay do not fit into the run.
 */
export function scheduleFactor(schedule: Schedule, step: number, totalSteps: number): number {
  const { kind, warmupSteps = 0, decaySteps = Math.floor(totalSteps / 5) } = schedule;
  const { finalFactor = kind === "cosine" ? 0.1 : 0 } = schedule;
  const busy = warmupSteps + (kind === "wsd" ? decaySteps : 0);
  if (busy > totalSteps) {
    throw new OptimizerError(
      "a schedule is longer than its run",
      `warm-up ${warmupSteps}${kind === "wsd" ? ` + decay ${decaySteps}` : ""} of ${totalSteps} steps`,
      "shorten the warm-up or decay, or train for more steps",
    );
  }
  if (step < warmupSteps) return (step + 1) / (warmupSteps + 1);
  const start = kind === "wsd" ? totalSteps - decaySteps : warmupSteps;
  const progress = Math.min(1, Math.max(0, (step - start) / Math.max(1, totalSteps - start)));
  if (kind === "constant") return 1;
  const left = kind === "cosine" ? (1 + Math.cos(Math.PI * progress)) / 2 : 1 - progress;
  return finalFactor + (1 - finalFactor) * left;
}
