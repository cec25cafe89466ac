/** A run in memory: model, objective and optimizer compiled over flat arrays. */
import type { Runtime, SessionOptions } from "../core/runtime/session.js";
import { type BatchShape, trainingBatch } from "../data/batches.js";
import type { TokenShards } from "../data/shards.js";
import type { Decoder } from "../models/decoder.js";
import type { NextTokenOptions } from "../objectives/next-token.js";
import { type Layout, layOut } from "../optim/layout.js";
import type { Optimizer } from "../optim/optimizer.js";
import { type CompiledOptimizer, compileBlend, compileOptimizer, momentNames } from "../optim/update.js";
import type { NamedArrays } from "./checkpoint.js";
import { type CompiledLoss, compileLoss } from "./step.js";
import { initialiseAll } from "./weights.js";

export interface TrainerOptions {
  readonly runtime: Runtime;
  readonly model: Decoder;
  readonly optimizer: Optimizer;
  readonly objective?: NextTokenOptions;
  readonly batchSize: number;
  /** Batches added up for one step; default 1. */
  readonly microBatches?: number;
  readonly seed: number;
  /** Largest global gradient norm; 0 or absent: no clipping. */
  readonly clipNorm?: number;
  /** Decay of an exponential average of the weights. */
  readonly averageDecay?: number;
  readonly recomputeLayers?: boolean;
  readonly session?: SessionOptions;
}

export interface StepResult {
  /** Mean loss of the step's batches, nats a token. */
  readonly loss: number;
  readonly gradientNorm: number;
}

/** Takes steps. `arrays` is everything that a checkpoint must keep. */
export interface Trainer {
  readonly layout: Layout;
  readonly arrays: NamedArrays;
  /** The weights to evaluate, sample from and save: the average where there is one. */
  readonly weights: Float32Array;
  readonly shape: BatchShape;
  readonly tokensPerStep: number;
  /** The loss of `weights` without gradients. */
  readonly evaluation: CompiledLoss;
  /**
   * Takes step number `step` (the first is 0) with the learning rate times `factor`. When loss or
   * gradients are not finite the weights stay as they were, and the result says so.
   */
  step(data: TokenShards, step: number, factor: number): Promise<StepResult>;
}

/** Compiles a run with fresh parameters. */
export async function createTrainer(options: TrainerOptions): Promise<Trainer> {
  const { runtime, model, optimizer, objective, batchSize, seed, averageDecay, session, recomputeLayers } =
    options;
  const { microBatches = 1, clipNorm = 0 } = options;
  const layout = layOut(model.parameters, optimizer);
  const flat = () => new Float32Array(layout.size);
  const parameters = flat();
  initialiseAll(layout, parameters, seed);
  const gradients = flat();
  const moments = Object.fromEntries(momentNames(optimizer).map((name) => [name, flat()]));
  const average = averageDecay === undefined ? undefined : parameters.slice();
  const weights = average ?? parameters;
  const shape = { batchSize, contextLength: model.contextLength };

  const loss = await compileLoss(
    runtime,
    model,
    layout,
    shape,
    { parameters, gradients },
    { objective, session, recomputeLayers },
  );
  const evaluation = await compileLoss(runtime, model, layout, shape, { parameters: weights }, { session });
  const summed = microBatches > 1 ? flat() : gradients;
  const sum = microBatches > 1 ? await compileBlend(runtime, summed, gradients) : undefined;
  const follow = average && (await compileBlend(runtime, average, parameters));
  const update: CompiledOptimizer = await compileOptimizer(runtime, optimizer, layout, {
    parameters,
    gradients: summed,
    moments,
  });

  async function gather(data: TokenShards, step: number): Promise<number> {
    if (sum) summed.fill(0);
    let total = 0;
    for (let micro = 0; micro < microBatches; micro++) {
      const batch = await trainingBatch(data, { seed, step: step * microBatches + micro, ...shape });
      total += await loss.run(batch); // 3 predict, 4 loss, 5 gradient
      await sum?.(1, 1);
    }
    return total / microBatches;
  }

  return {
    layout,
    arrays: { parameters, ...moments, ...(average ? { average } : {}) },
    weights,
    shape,
    tokensPerStep: batchSize * microBatches * model.contextLength,
    evaluation,
    async step(data, step, factor) {
      const meanLoss = await gather(data, step);
      const gradientNorm = (await update.gradientNorm()) / microBatches;
      if (!Number.isFinite(meanLoss) || !Number.isFinite(gradientNorm))
        return { loss: meanLoss, gradientNorm };
      const clip = clipNorm > 0 ? Math.min(1, clipNorm / (gradientNorm + 1e-6)) : 1;
      await update.step({ step: step + 1, gradientScale: clip / microBatches }, factor); // 5 descent
      if (averageDecay !== undefined) await follow?.(averageDecay, 1 - averageDecay);
      return { loss: meanLoss, gradientNorm };
    },
  };
}
