/** What our sides of the training benchmarks have in common: a task's whole step, once a request. */
import { nodeRuntime } from "../core/runtime/node.js";
import type { Batch } from "../data/training-data.js";
import type { LoraConfig } from "../nn/lora.js";
import type { Parameter } from "../nn/parameter.js";
import type { Task } from "../objectives/task.js";
import { adamw } from "../optim/adamw.js";
import { layOut } from "../optim/layout.js";
import { compileOptimizer } from "../optim/update.js";
import { compileLoss } from "../training/step.js";
import { initialiseAll, weightsOf } from "../training/weights.js";
import { productsVariable } from "./forms.js";
import { peakBytes, serveLines } from "./side-process.js";

/** As the yardsticks have it. */
const optimizer = adamw({ lr: 3e-4, weightDecay: 0.1 });

export interface TrainingSide {
  readonly task: Task;
  /** The batch of a step, counted from 1: part of the step and of its time. */
  batch(step: number): Batch;
  /** Trained instead of the task's own parameters, which are then frozen. */
  readonly adapter?: { readonly lora: LoraConfig; readonly parameters: readonly Parameter[] };
  /** Floating-point operations of one unit of the task, where they are known. */
  readonly flopsPerUnit?: number;
}

/**
 * Answers "step" with a training step, forward, backward and AdamW without clipping, and "peak" with this process's
 * most memory: the protocol of bench/pytorch_gpt2.py. The environment says what products are in.
 */
export async function serveTraining({ flopsPerUnit, ...side }: TrainingSide): Promise<void> {
  const { step, parameters } = await prepare(side);
  const answer = async (word: string) => (word === "step" ? step() : { peakBytes: peakBytes() });
  await serveLines({ parameters, flopsPerUnit }, answer);
}

async function prepare({ task, batch, adapter }: TrainingSide) {
  const base = adapter && fresh(task.parameters);
  const { layout, parameters } = fresh(adapter?.parameters ?? task.parameters);
  const flat = () => new Float32Array(layout.size);
  const frozen = base && weightsOf(base.layout, base.parameters);
  const state = { parameters, gradients: flat(), moments: { m: flat(), v: flat() }, frozen };
  const products = process.env[productsVariable] === "int8" ? "int8" : "float32";
  const loss = await compileLoss(nodeRuntime, task, layout, state, { lora: adapter?.lora, products });
  const update = await compileOptimizer(nodeRuntime, optimizer, layout, state);
  let taken = 0;
  const step = async () => {
    const start = performance.now();
    const { loss: value } = await loss.run(batch(++taken));
    await update.step({ step: taken, gradientScale: 1 }, 1);
    return { seconds: (performance.now() - start) / 1000, loss: value };
  };
  return { step, parameters: layout.size };
}

function fresh(parameters: readonly Parameter[]) {
  const layout = layOut(parameters, optimizer);
  const flat = new Float32Array(layout.size);
  initialiseAll(layout, flat, 0);
  return { layout, parameters: flat };
}
