/** Step 6, iterate: the loop with its evaluations, checkpoints, logs and reasons to stop. */
import { AutodidactError } from "../core/errors.js";
import type { TrainingData } from "../data/text/batches.js";
import type { Folder } from "../files/folder.js";
import { type Schedule, scheduleFactor } from "../optim/schedule.js";
import {
  checkpointName,
  loadCheckpoint,
  pruneCheckpoints,
  saveCheckpoint,
  type TrainingState,
} from "./checkpoint.js";
import { type Evaluation, evaluateLoss } from "./evaluate.js";
import { MetricsLog } from "./metrics.js";
import { TensorBoardLog } from "./tensorboard.js";
import type { Trainer } from "./trainer.js";

/** The loss or its gradients stopped being numbers. The last good checkpoint is kept. */
export class DivergenceError extends AutodidactError {}

/** What a run is made of, and when it evaluates, saves and ends. */
export interface LoopOptions {
  readonly trainer: Trainer;
  readonly data: TrainingData;
  readonly run: Folder;
  readonly schedule: Schedule;
  readonly steps: number;
  /** In steps. */
  readonly evaluateEvery: number;
  readonly evaluationBatches?: number;
  /** In steps. */
  readonly checkpointEvery: number;
  readonly keepCheckpoints: number;
  /** Stop when the validation loss is this low. */
  readonly targetLoss?: number;
  /** Stop after so many evaluations without a better loss. */
  readonly patience?: number;
  /** Writes the model folder of a checkpoint. */
  saveModel(folder: Folder): Promise<void>;
  /** Finish the step, save, and return. */
  readonly signal?: AbortSignal;
  /** Called after every step. */
  readonly onStep?: (report: StepReport) => void;
  /** Called after an evaluation; the place for samples. */
  readonly onEvaluation?: (report: EvaluationReport) => Promise<void> | void;
}

/** What one step came to. */
export interface StepReport {
  /** Steps taken. */
  readonly step: number;
  readonly loss: number;
  readonly metrics: Readonly<Record<string, number>>;
  readonly gradientNorm: number;
  /** Tokens or images. */
  readonly unitsPerSecond: number;
  readonly validationLoss?: number;
}

export interface EvaluationReport extends Evaluation {
  readonly step: number;
  readonly isBest: boolean;
}

export type StopReason = "steps" | "target" | "patience" | "interrupted";

/** How a run ended. */
export interface Summary {
  readonly reason: StopReason;
  readonly steps: number;
  /** Spent in training steps, resumed parts included; evaluation and saving excluded. */
  readonly seconds: number;
  readonly loss?: number;
  readonly validation?: Evaluation;
  readonly bestLoss?: number;
  readonly checkpoint: string;
}

/**
 * Trains until the steps are taken or a reason to stop comes. Continues from the run's latest checkpoint
 * when there is one, bit for bit as if it had never stopped. Throws `DivergenceError`.
 */
export async function iterate(options: LoopOptions): Promise<Summary> {
  const { trainer, run, steps } = options;
  const resumed = await loadCheckpoint(run, trainer.layout, trainer.arrays);
  let state: TrainingState = resumed ?? { step: 0, seconds: 0, evaluationsSinceBest: 0 };
  let checkpoint: string | undefined = resumed && checkpointName(state.step);
  let loss: number | undefined;
  let validation: Evaluation | undefined;
  let reason: StopReason | undefined = state.step >= steps ? "steps" : undefined;
  const log = await openLogs(run, state.step);

  while (!reason) {
    const { seconds, ...taken } = await timedStep(options, state.step, checkpoint);
    loss = taken.loss;
    state = { ...state, step: state.step + 1, seconds: state.seconds + seconds };
    options.onStep?.({ ...taken, step: state.step, validationLoss: validation?.loss });
    const { metrics: measured, unitsPerSecond, ...step } = taken;
    const speed = { [`${trainer.task.unit}PerSecond`]: unitsPerSecond };
    const metrics: Record<string, number> = { ...step, ...speed, ...measured };

    let isBest = false;
    if (state.step % options.evaluateEvery === 0 || state.step === steps) {
      validation = await evaluate(options, options.evaluationBatches);
      requireFinite(validation.loss, state.step, checkpoint);
      isBest = validation.loss < (state.bestLoss ?? Number.POSITIVE_INFINITY);
      state = isBest
        ? { ...state, bestLoss: validation.loss, evaluationsSinceBest: 0 }
        : { ...state, evaluationsSinceBest: state.evaluationsSinceBest + 1 };
      Object.assign(metrics, validationMetrics(validation));
      await options.onEvaluation?.({ ...validation, step: state.step, isBest });
    }
    await log(state.step, metrics);
    reason = stopReason(options, state, validation);
    if (reason || isBest || state.step % options.checkpointEvery === 0) {
      await requireSound(options, state.step, "validationLoss" in metrics, checkpoint);
      checkpoint = await saveCheckpoint(
        run,
        trainer.layout,
        state,
        trainer.arrays,
        options.saveModel,
        isBest,
      );
      await pruneCheckpoints(run, options.keepCheckpoints);
    }
  }
  const { step, seconds, bestLoss } = state;
  return { reason, steps: step, seconds, loss, validation, bestLoss, checkpoint: checkpoint! };
}

function evaluate({ trainer, data }: LoopOptions, limit?: number): Promise<Evaluation> {
  return evaluateLoss(trainer.evaluation, data.validation(limit), data.tokensPerByte);
}

/** As they are logged: what a step measures too gets a name of its own. */
function validationMetrics({ metrics, tokens, loss, ...rest }: Evaluation): Record<string, number> {
  const named = Object.entries(metrics).map(([name, value]) => [`validation${capitalised(name)}`, value]);
  return { validationLoss: loss, ...rest, ...Object.fromEntries(named) };
}

const capitalised = (name: string) => name[0].toUpperCase() + name.slice(1);

/** One step with its time; throws `DivergenceError` before anything was changed by a bad gradient. */
async function timedStep({ trainer, data, schedule, steps }: LoopOptions, step: number, checkpoint?: string) {
  const learningRateFactor = scheduleFactor(schedule, step, steps);
  const start = performance.now();
  const result = await trainer.step(data.training, step, learningRateFactor);
  const seconds = (performance.now() - start) / 1000;
  if (Number.isFinite(result.loss) && Number.isFinite(result.gradientNorm)) {
    return { ...result, learningRateFactor, unitsPerSecond: trainer.unitsPerStep / seconds, seconds };
  }
  throw diverged(`step ${step + 1}: loss ${result.loss}, gradient norm ${result.gradientNorm}`, checkpoint);
}

/**
 * Throws `DivergenceError` for a state that must not be saved. A step's loss tells of the weights before it;
 * those that it left have to predict one batch, and everything has to be a number.
 */
async function requireSound(
  options: LoopOptions,
  step: number,
  isEvaluated: boolean,
  checkpoint?: string,
): Promise<void> {
  if (!isEvaluated) {
    const { loss } = await evaluate(options, 1);
    requireFinite(loss, step, checkpoint);
  }
  for (const [name, array] of Object.entries(options.trainer.arrays)) {
    if (!isFiniteArray(array))
      throw diverged(`after step ${step}: ${name} holds NaN or infinity`, checkpoint);
  }
}

function isFiniteArray(array: Float32Array): boolean {
  let sum = 0;
  for (let i = 0; i < array.length; i++) sum += array[i] - array[i]; // NaN once one is not finite
  return sum === 0;
}

function requireFinite(loss: number, step: number, checkpoint?: string): void {
  if (!Number.isFinite(loss)) throw diverged(`after step ${step}: validation loss ${loss}`, checkpoint);
}

function diverged(values: string, checkpoint?: string): DivergenceError {
  return new DivergenceError(
    "training diverged: the loss or its gradients are not finite",
    values,
    `lower optimizer.lr or lengthen the warm-up; ${checkpoint ? `the last good checkpoint is ${checkpoint}` : "no checkpoint was saved yet"}`,
  );
}

function stopReason(
  options: LoopOptions,
  state: TrainingState,
  validation?: Evaluation,
): StopReason | undefined {
  const { targetLoss, patience = Number.POSITIVE_INFINITY } = options;
  if (targetLoss !== undefined && validation && validation.loss <= targetLoss) return "target";
  if (state.evaluationsSinceBest >= patience) return "patience";
  if (state.step === options.steps) return "steps";
  return options.signal?.aborted ? "interrupted" : undefined;
}

/** The run's logs without what was written after `step`, which is about to be done again. */
async function openLogs(run: Folder, step: number) {
  const metrics = new MetricsLog(run);
  await metrics.truncateAfter(step);
  await TensorBoardLog.truncateAfter(run, step);
  const board = await TensorBoardLog.open(run);
  return async (step: number, values: Record<string, number>): Promise<void> => {
    await metrics.append({ step, ...values });
    await board.scalars(step, values);
  };
}
