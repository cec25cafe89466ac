/** The learning-rate range test (Smith 2017): raise the rate exponentially and watch the loss. */
import { type BatchAt, isFiniteStep, type Trainer } from "./trainer.js";

export interface RatePoint {
  readonly lr: number;
  /** Exponentially smoothed, corrected for its start. */
  readonly loss: number;
}

export interface RateSearch {
  readonly points: readonly RatePoint[];
  /** The rate of the steepest descent, or undefined when the loss never fell. */
  readonly suggestion: number | undefined;
}

/**
 * Trains from `from` to `to` over `steps` steps, ending early when the smoothed loss passes twice its lowest.
 * The trainer's weights are used up. `baseLr` is what the optimizer multiplies by the factor.
 */
export async function findLearningRate(
  trainer: Trainer,
  data: BatchAt,
  { baseLr, from, to, steps }: { baseLr: number; from: number; to: number; steps: number },
  onPoint?: (point: RatePoint) => void,
): Promise<RateSearch> {
  const smoothing = 0.9;
  const points: RatePoint[] = [];
  let average = 0;
  let best = Number.POSITIVE_INFINITY;
  for (let step = 0; step < steps; step++) {
    const lr = from * (to / from) ** (step / Math.max(1, steps - 1));
    const result = await trainer.step(data, step, lr / baseLr);
    if (!isFiniteStep(result)) break;
    average = smoothing * average + (1 - smoothing) * result.loss;
    const point = { lr, loss: average / (1 - smoothing ** (step + 1)) };
    points.push(point);
    onPoint?.(point);
    best = Math.min(best, point.loss);
    if (point.loss > 2 * best) break;
  }
  return { points, suggestion: steepest(points) };
}

/** The rate where the loss falls fastest per doubling, before its minimum. */
function steepest(points: readonly RatePoint[]): number | undefined {
  const lowest = points.reduce((low, { loss }, i) => (loss < points[low].loss ? i : low), 0);
  let suggestion: number | undefined;
  let slope = 0;
  for (let i = 1; i <= lowest; i++) {
    const fall = (points[i].loss - points[i - 1].loss) / Math.log(points[i].lr / points[i - 1].lr);
    if (fall < slope) [suggestion, slope] = [points[i].lr, fall];
  }
  return suggestion;
}
