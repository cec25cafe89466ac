/** What our sides of the training benchmarks have in common: a task's whole step, once a request. */
import { nodeRuntime } from "../core/runtime/node.js";
import type { Device } from "../core/runtime/session.js";
import type { Batch } from "../data/training-data.js";
import type { LoraConfig } from "../nn/lora.js";
import type { Parameter } from "../nn/parameter.js";
import type { Task } from "../objectives/task.js";
import { adamw } from "../optim/adamw.js";
import { type Arrays, hostArrays } from "../optim/arrays.js";
import { type DeviceArray, deviceArrays } from "../optim/device-arrays.js";
import { layOut } from "../optim/layout.js";
import { compileLoss, type LossOptions } from "../training/step.js";
import { initialiseAll, weightsOf } from "../training/weights.js";
import { deviceVariable, productsVariable } from "./forms.js";
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
  const frozen = base && weightsOf(base.layout, base.parameters);
  const products = process.env[productsVariable] === "int8" ? "int8" : "float32";
  const device = (process.env[deviceVariable] ?? "cpu") as Device;
  const memory = await nodeRuntime.memory!(device);
  const bound = { lora: adapter?.lora, products } as const;
  const { loss, update } = memory
    ? await compileStep(deviceArrays(nodeRuntime, memory, layout, { device }), {
        ...bound,
        session: { device },
      })
    : await compileStep(hostArrays(nodeRuntime, layout), bound);
  let taken = 0;
  const step = async () => {
    const start = performance.now();
    const { loss: value } = await loss.run(batch(++taken));
    await update.step({ step: taken, gradientScale: 1 }, 1);
    return { seconds: (performance.now() - start) / 1000, loss: value };
  };
  return { step, parameters: layout.size };

  async function compileStep<A extends Float32Array | DeviceArray>(arrays: Arrays<A>, options: LossOptions) {
    const [gradients, m, v] = [await arrays.zeros(), await arrays.zeros(), await arrays.zeros()];
    const state = { parameters: await arrays.of(parameters), gradients, moments: { m, v } };
    return {
      loss: await compileLoss(nodeRuntime, task, layout, { ...state, frozen }, options),
      update: await arrays.optimizer(optimizer, layout.slots, state),
    };
  }
}

function fresh(parameters: readonly Parameter[]) {
  const layout = layOut(parameters, optimizer);
  const flat = new Float32Array(layout.size);
  initialiseAll(layout, flat, 0);
  return { layout, parameters: flat };
}
