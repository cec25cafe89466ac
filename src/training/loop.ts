/** Step 6, iterate: the loop with its evaluations, checkpoints, logs and reasons to stop. */
import { AutodidactError } from "../core/errors.js";
import type { TrainingData } from "../data/training-data.js";
import type { Folder } from "../files/folder.js";
import { type Schedule, scheduleFactor } from "../optim/schedule.js";
import {
  checkpointName,
  loadCheckpoint,
  pruneCheckpoints,
  saveCheckpoint,
  type TrainingState,
} from "./checkpoint.js";
import { type Evaluation, evaluateLoss, isOfSomething } from "./evaluate.js";
import { MetricsLog } from "./metrics.js";
import { type StopRequests, stopRequests } from "./stop-requests.js";
import { TensorBoardLog } from "./tensorboard.js";
import { isFiniteStep, type Trainer } from "./trainer.js";

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
  /** At most; default: as many as take less than a tenth of the training between two evaluations, 32 or more. */
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
  /** Finish the step, save, and return, as a file `stop` in the run's folder does; an evaluation is broken off. */
  readonly signal?: AbortSignal;
  /** Called after every step. */
  readonly onStep?: (report: StepReport) => void;
  /** Told how far an evaluation is. */
  readonly onEvaluationProgress?: (progress: EvaluationProgress) => void;
  /** Called after an evaluation; the place for samples. */
  readonly onEvaluation?: (report: EvaluationReport) => Promise<void> | void;
  /** Called when a checkpoint is whole, and those before it that are not kept are gone. */
  readonly onCheckpoint?: () => Promise<void> | void;
}

/** What one step came to. */
export interface StepReport {
  /** Steps taken. */
  readonly step: number;
  readonly loss: number;
  readonly metrics: Readonly<Record<string, number>>;
  readonly gradientNorm: number;
  /** In the task's unit. */
  readonly unitsPerSecond: number;
  readonly validationLoss?: number;
}

export interface EvaluationProgress {
  readonly step: number;
  /** Done so far. */
  readonly batches: number;
  readonly inAll?: number;
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
  if (resumed) await trainer.restore();
  let state: TrainingState = resumed ?? { step: 0, seconds: 0, evaluationsSinceBest: 0 };
  let checkpoint: string | undefined = resumed && checkpointName(state.step);
  let loss: number | undefined;
  let validation: Evaluation | undefined;
  let reason: StopReason | undefined = state.step >= steps && !state.isEvaluationDue ? "steps" : undefined;
  const log = await openLogs(run, state.step);
  const stop = stopRequests(run, options.signal);

  while (!reason) {
    const { isEvaluationDue } = state;
    const metrics: Record<string, number> = {};
    if (!isEvaluationDue) {
      const { seconds, ...taken } = await timedStep(options, state.step, checkpoint);
      loss = taken.loss;
      state = { ...state, step: state.step + 1, seconds: state.seconds + seconds };
      options.onStep?.({ ...taken, step: state.step, validationLoss: validation?.loss });
      const { metrics: measured, unitsPerSecond, ...step } = taken;
      Object.assign(metrics, step, { [`${trainer.task.unit}PerSecond`]: unitsPerSecond }, measured);
    }
    await stop.look();

    let isBest = false;
    if (isEvaluationDue || state.step % options.evaluateEvery === 0 || state.step === steps) {
      // Ranks that learn apart come together for it.
      if (state.step === steps) await trainer.complete();
      const evaluated = await evaluateUntil(options, stop, state.step);
      ({ state, isBest } = judged(state, evaluated, checkpoint));
      if (evaluated && isOfSomething(evaluated)) {
        validation = evaluated;
        Object.assign(metrics, validationMetrics(validation));
        await trainer.fetch();
        await options.onEvaluation?.({ ...validation, step: state.step, isBest });
      }
    }
    await log(state.step, metrics, isEvaluationDue);
    reason = stopReason(options, state, stop.signal, validation);
    if (reason || isBest || state.step % options.checkpointEvery === 0) {
      await trainer.complete();
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
      await options.onCheckpoint?.();
    }
  }
  const { step, seconds, bestLoss } = state;
  return { reason, steps: step, seconds, loss, validation, bestLoss, checkpoint: checkpoint! };
}

/** Where a run stands after an evaluation, or after one that was broken off. Throws `DivergenceError`. */
function judged(
  { isEvaluationDue: _, ...state }: TrainingState,
  evaluated: Evaluation | undefined,
  checkpoint: string | undefined,
): { state: TrainingState; isBest: boolean } {
  if (!evaluated) return { state: { ...state, isEvaluationDue: true }, isBest: false };
  if (!isOfSomething(evaluated)) return { state, isBest: false };
  const { loss } = evaluated;
  requireFinite(loss, state.step, checkpoint);
  const { bestLoss = Number.POSITIVE_INFINITY, evaluationsSinceBest } = state;
  if (loss < bestLoss) return { state: { ...state, bestLoss: loss, evaluationsSinceBest: 0 }, isBest: true };
  return { state: { ...state, evaluationsSinceBest: evaluationsSinceBest + 1 }, isBest: false };
}

/**
 * Batches that an evaluation reads by default: so many that it takes less than a tenth of the training between two
 * evaluations, as a batch costs about a third of one that is learned from; but not so few that they tell nothing.
 */
function usualBatches({ trainer, evaluateEvery }: LoopOptions): number {
  const microBatches = trainer.unitsPerStep / trainer.task.unitsPerBatch;
  return Math.max(32, Math.ceil((evaluateEvery * microBatches) / 4));
}

/** The evaluation after a step; undefined when it was broken off. */
async function evaluateUntil(
  options: LoopOptions,
  stop: StopRequests,
  step: number,
): Promise<Evaluation | undefined> {
  const { trainer, data, evaluationBatches: limit = usualBatches(options), onEvaluationProgress } = options;
  const { totals, validationBatches } = data;
  const inAll = validationBatches === undefined ? undefined : Math.min(limit, validationBatches);
  try {
    return await evaluateLoss(trainer.evaluation, stop.between(data.validation(limit)), {
      totals,
      signal: stop.signal,
      onProgress: (batches) => onEvaluationProgress?.({ step, batches, inAll }),
    });
  } catch (error) {
    if (stop.signal.aborted && error === stop.signal.reason) return undefined;
    throw error;
  }
}

/** As they are logged: what a step measures too gets a name of its own. */
function validationMetrics({ metrics, loss, report }: Evaluation): Record<string, number> {
  const named = Object.entries(metrics).map(([name, value]) => [`validation${capitalised(name)}`, value]);
  return { validationLoss: loss, ...report, ...Object.fromEntries(named) };
}

const capitalised = (name: string) => name[0].toUpperCase() + name.slice(1);

/** One step with its time; throws `DivergenceError` before anything was changed by a bad gradient. */
async function timedStep({ trainer, data, schedule, steps }: LoopOptions, step: number, checkpoint?: string) {
  const learningRateFactor = scheduleFactor(schedule, step, steps);
  const learningRate = trainer.learningRate * learningRateFactor;
  const start = performance.now();
  const result = await trainer.step(data.training, step, learningRateFactor);
  const seconds = (performance.now() - start) / 1000;
  if (isFiniteStep(result)) {
    return {
      ...result,
      learningRateFactor,
      learningRate,
      unitsPerSecond: trainer.unitsPerStep / seconds,
      seconds,
    };
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
    const { trainer, data } = options;
    const evaluated = await evaluateLoss(trainer.evaluation, data.validation(1), { totals: data.totals });
    if (isOfSomething(evaluated)) requireFinite(evaluated.loss, step, checkpoint);
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
  signal: AbortSignal,
  validation?: Evaluation,
): StopReason | undefined {
  if (state.isEvaluationDue) return "interrupted";
  const { targetLoss, patience = Number.POSITIVE_INFINITY } = options;
  if (targetLoss !== undefined && validation && validation.loss <= targetLoss) return "target";
  if (state.evaluationsSinceBest >= patience) return "patience";
  if (state.step === options.steps) return "steps";
  return signal.aborted ? "interrupted" : undefined;
}

/** The run's logs without what was written after `step`, which is about to be done again. */
async function openLogs(run: Folder, step: number) {
  const metrics = new MetricsLog(run);
  await metrics.truncateAfter(step);
  await TensorBoardLog.truncateAfter(run, step);
  const board = await TensorBoardLog.open(run);
  return async (step: number, values: Record<string, number>, isLate = false): Promise<void> => {
    await (isLate ? metrics.amend({ step, ...values }) : metrics.append({ step, ...values }));
    await board.scalars(step, values);
  };
}
