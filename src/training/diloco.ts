/**
 * Ranks that learn apart and come together every so many steps (DiLoCo, Douillard et al. 2023, algorithm 1): what they have
 * learned since, averaged, is taken for a gradient of Nesterov's descent, as PyTorch has it.
 */
import { alone, type Collective } from "../distributed/collective.js";
import { RankError } from "../distributed/errors.js";
import {
  type BatchAt,
  createTrainer,
  isFiniteStep,
  type StepResult,
  shareOf,
  type Trainer,
  type TrainerOptions,
} from "./trainer.js";

export interface DilocoOptions {
  /** Steps between two rounds. */
  readonly every: number;
  readonly outerLr: number;
  readonly outerMomentum: number;
}

/**
 * A trainer whose ranks each take their part of a step's micro-batches and update by themselves; the moments of rank 0
 * are those that are saved. What a step says of its loss is of this rank's part. `complete` ends a round before its time. Throws
 * `RankError` where micro-batches cannot be shared evenly, and in a step of another rank than 0 whose loss is not finite.
 */
export async function createDilocoTrainer(options: TrainerOptions, diloco: DilocoOptions): Promise<Trainer> {
  const { microBatches = 1, collective = alone } = options;
  const own = shareOf(microBatches, collective);
  const trainer = await createTrainer({ ...options, microBatches: own, collective: alone, onHost: true });
  const { parameters } = trainer.arrays;
  const outerMoment = new Float32Array(parameters.length);
  const begin = new Float32Array(parameters.length);
  let taken = 0;

  const partOf =
    (data: BatchAt): BatchAt =>
    (index) =>
      data(Math.floor(index / own) * microBatches + collective.rank * own + (index % own));

  async function round(): Promise<void> {
    await descend({ parameters, begin, outerMoment }, diloco, collective);
    taken = 0;
  }

  return {
    ...trainer,
    arrays: { ...trainer.arrays, outerMoment },
    unitsPerStep: trainer.unitsPerStep * collective.size,
    async step(data, step, factor) {
      if (taken === 0) begin.set(parameters);
      const result = await trainer.step(partOf(data), step, factor);
      if (collective.rank > 0) requireFinite(result, step);
      taken++;
      if ((step + 1) % diloco.every === 0) await round();
      return result;
    },
    async complete() {
      if (taken > 0) await round();
    },
  };
}

/** On rank 0 the loop sees it. */
function requireFinite(result: StepResult, step: number): void {
  if (isFiniteStep(result)) return;
  throw new RankError(
    "training diverged on this rank",
    `step ${step + 1}: loss ${result.loss}, gradient norm ${result.gradientNorm}`,
    "lower optimizer.lr, or training.distributed.every",
  );
}

interface OuterState {
  readonly parameters: Float32Array;
  /** What they were when the ranks were last together. */
  readonly begin: Float32Array;
  readonly outerMoment: Float32Array;
}

async function descend(
  { parameters, begin, outerMoment }: OuterState,
  { outerLr, outerMomentum }: DilocoOptions,
  collective: Collective,
): Promise<void> {
  for (let i = 0; i < begin.length; i++) parameters[i] = begin[i] - parameters[i];
  await collective.allReduce(parameters);
  for (let i = 0; i < begin.length; i++) {
    const gradient = parameters[i] / collective.size;
    outerMoment[i] = outerMomentum * outerMoment[i] + gradient;
    parameters[i] = begin[i] - outerLr * (gradient + outerMomentum * outerMoment[i]);
  }
}
