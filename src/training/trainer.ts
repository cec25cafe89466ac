/** A run in memory: model, objective and optimizer compiled over flat arrays. */
import {
  type DeviceMemory,
  type HostTensor,
  type RunTensors,
  type Runtime,
  type SessionOptions,
  withThreads,
} from "../core/runtime/session.js";
import type { Batch } from "../data/training-data.js";
import { alone, type Collective } from "../distributed/collective.js";
import { RankError } from "../distributed/errors.js";
import { type LoraConfig, loraParameters, targetedLayers } from "../nn/lora.js";
import type { Parameter } from "../nn/parameter.js";
import type { Weights } from "../nn/weights.js";
import type { Task } from "../objectives/task.js";
import { type Arrays, hostArrays } from "../optim/arrays.js";
import { type DeviceArray, deviceArrays } from "../optim/device-arrays.js";
import { type Layout, layOut } from "../optim/layout.js";
import type { Optimizer } from "../optim/optimizer.js";
import { elementBounds, updateShares } from "../optim/shares.js";
import { momentNames } from "../optim/update.js";
import type { NamedArrays } from "./checkpoint.js";
import { gradientSum } from "./gradient-sum.js";
import type { Products } from "./products.js";
import {
  type CompiledLoss,
  compileLoss,
  type LossArrays,
  type Losses,
  type LossOptions,
  meanLosses,
} from "./step.js";
import { copyWeights, initialiseAll } from "./weights.js";

/** What a trainer is made of. */
export interface TrainerOptions {
  readonly runtime: Runtime;
  readonly task: Task;
  readonly optimizer: Optimizer;
  /** The weights to start from; those that are not among them start fresh. */
  readonly pretrained?: Weights;
  /**
   * Which parameters are trained; the others stay as `pretrained` has them. Default: all, and beside an adapter none.
   */
  readonly trains?: (parameter: Parameter) => boolean;
  /** Train an adapter beside the pretrained weights, which stay as they are and where they lie. */
  readonly lora?: LoraConfig;
  /** Batches added up for one step; default 1. */
  readonly microBatches?: number;
  /** Those who share the micro-batches: every rank takes the same steps. Default: nobody else. */
  readonly collective?: Collective;
  readonly seed: number;
  /** Largest global gradient norm; 0 or absent: no clipping. */
  readonly clipNorm?: number;
  /** Decay of an exponential average of the weights; while few steps are taken less, so that it forgets the start. */
  readonly averageDecay?: number;
  readonly recomputeLayers?: boolean;
  /** What the products of linear layers are computed in while training; default float32. Evaluation is in float32. */
  readonly products?: Products;
  readonly session?: SessionOptions;
  /** Keep weights and moments on the host also where the device has memory: others read and write them at any time. */
  readonly onHost?: boolean;
}

/** Means over all that counts in the step's batches; zero where nothing does. */
export interface StepResult extends Losses {
  readonly gradientNorm: number;
  /** How long its batches were waited for, on the rank that waited longest. */
  readonly dataWaitMs: number;
  /** Whose gradients took longest, where there are several ranks, */
  readonly slowestRank?: number;
  /** and how long the quickest waited for it. */
  readonly rankWaitMs?: number;
}

/** Whether a step's loss and gradients are numbers; otherwise it has changed nothing. */
export const isFiniteStep = ({ loss, gradientNorm }: StepResult): boolean =>
  Number.isFinite(loss) && Number.isFinite(gradientNorm);

/** A micro-batch by its number since the start of the run. */
export type BatchAt = (index: number) => Promise<Batch>;

/** Takes steps. `arrays` is everything that a checkpoint must keep. */
export interface Trainer {
  readonly layout: Layout;
  readonly arrays: NamedArrays;
  /** The weights to evaluate, sample from and save: the average where there is one. */
  readonly weights: Float32Array;
  /** The weights that stay as they are. */
  readonly frozen?: Weights;
  readonly task: Task;
  readonly unitsPerStep: number;
  /** Of the optimizer's first group, before the schedule's factor. */
  readonly learningRate: number;
  /** The loss of `weights` without gradients. */
  readonly evaluation: CompiledLoss;
  /**
   * Takes step number `step` (the first is 0) with the learning rate times `factor`. When loss or
   * gradients are not finite the weights stay as they were, and the result says so.
   */
  step(data: BatchAt, step: number, factor: number): Promise<StepResult>;
  /** Brings `weights` up to date where they change on a device: before they are read. */
  fetch(): Promise<void>;
  /** Brings `arrays` up to date, and gives rank 0 what of them the ranks have in parts: before they are saved. */
  complete(): Promise<void>;
  /** Takes over what was written into `arrays`. */
  restore(): Promise<void>;
}

/**
 * Compiles a run with fresh parameters, with pretrained ones, or with a fresh adapter beside those. Where the device has
 * memory, what changes stays there, and `arrays` are brought up to date when asked for.
 */
export async function createTrainer(options: TrainerOptions): Promise<Trainer> {
  const { runtime, task, optimizer, session = {}, collective = alone, lora } = options;
  const { trains = () => lora === undefined } = options;
  const whole = task.parameters.filter(trains);
  const others = task.parameters.filter((parameter) => !trains(parameter));
  const trained = lora ? [...loraParameters(targetedLayers(others, lora), lora), ...whole] : whole;
  const layout = layOut(trained, optimizer);
  // Ranks exchange what lies on the host.
  const onHost = options.onHost || collective.size > 1;
  const memory = onHost ? undefined : await runtime.memory?.(session.device ?? "cpu");
  if (memory) {
    const arrays = deviceArrays(runtime, memory, layout, session);
    return assemble(options, layout, arrays, keptBy(memory));
  }
  // What follows the gradients is done on the CPU, whatever the device.
  return assemble(options, layout, hostArrays(withThreads(runtime, session.threads), layout));
}

/** Copies weights that stay as they are to a device, each once. */
function keptBy(memory: DeviceMemory): LossOptions["keep"] {
  const kept = new Map<HostTensor["data"], RunTensors[string]>();
  return async (weights) => {
    for (const tensor of Object.values(weights)) {
      if (kept.has(tensor.data)) continue;
      const there = await memory.allocate(tensor.dtype, tensor.shape);
      await there.write(tensor);
      kept.set(tensor.data, there);
    }
    return Object.fromEntries(
      Object.entries(weights).map(([name, { data }]) => [name, kept.get(data)!] as const),
    );
  };
}

async function assemble<A extends Float32Array | DeviceArray>(
  options: TrainerOptions,
  layout: Layout,
  arrays: Arrays<A>,
  keep?: LossOptions["keep"],
): Promise<Trainer> {
  const { runtime, task, optimizer, seed, averageDecay, pretrained, lora } = options;
  const { microBatches = 1, clipNorm = 0, session, recomputeLayers, products, collective = alone } = options;
  const own = shareOf(microBatches, collective);
  const frozen = lora || layout.slots.length < task.parameters.length ? pretrained : undefined;
  const flat = () => new Float32Array(layout.size);
  const parameters = flat();
  initialiseAll(layout, parameters, seed);
  if (pretrained) copyWeights(layout, parameters, pretrained);
  const moments = Object.fromEntries(momentNames(optimizer).map((name) => [name, flat()]));
  const average = averageDecay === undefined ? undefined : parameters.slice();
  const weights = average ?? parameters;
  /** On the host; those that change lie in `placed`. */
  const all: NamedArrays = { parameters, ...moments, ...(average ? { average } : {}) };
  const placed: Record<string, A> = {};
  for (const [name, array] of Object.entries(all)) placed[name] = await arrays.of(array);
  const gradients = await arrays.zeros();

  const lossOver = (arrays: LossArrays, how?: Pick<LossOptions, "recomputeLayers" | "products">) =>
    compileLoss(runtime, task, layout, arrays, { lora, session, keep, ...how });
  const loss = await lossOver(
    { parameters: placed.parameters, gradients, frozen },
    { recomputeLayers, products },
  );
  const evaluation = await lossOver(
    { parameters: placed.average ?? placed.parameters, frozen },
    { recomputeLayers },
  );
  const sum = microBatches > 1 ? await gradientSum(arrays, gradients, own) : undefined;
  const follow = average && (await arrays.blend(placed.average, placed.parameters));
  const shares = updateShares(layout, optimizer, collective.size);
  const bounds = elementBounds(layout, shares);
  const slots = layout.slots.slice(shares[collective.rank], shares[collective.rank + 1]);
  const update = await arrays.optimizer(optimizer, slots, {
    parameters: placed.parameters,
    gradients: sum?.total ?? gradients,
    moments: Object.fromEntries(Object.keys(moments).map((name) => [name, placed[name]])),
  });

  /** Sums gradients over all ranks, each as often as its batch counts, and says how often that is in all. */
  async function gather(data: BatchAt, step: number) {
    const began = performance.now();
    const parts: Losses[] = [];
    const counts: number[] = [];
    let dataWaitMs = 0;
    const leaf = async (micro: number) => {
      const start = performance.now();
      const batch = await data(step * microBatches + micro);
      dataWaitMs += performance.now() - start;
      parts.push(await loss.run(batch)); // 3 predict, 4 loss, 5 gradient
      counts.push(task.count(batch));
      return counts.at(-1)! / task.unitsPerBatch;
    };
    if (sum) await sum.run(collective.rank * own, leaf);
    else await leaf(0);
    const ms = performance.now() - began;
    if (sum?.total instanceof Float32Array) await collective.allReduce(sum.total);
    const ranks = await collective.allGather({ parts, counts, dataWaitMs, ms });
    const all = ranks.flatMap(({ counts }) => counts);
    const losses = meanLosses(
      ranks.flatMap(({ parts }) => parts),
      all,
    );
    const weight = sum ? all.reduce((total, each) => total + each, 0) / task.unitsPerBatch || 1 : 1;
    return { losses: { ...losses, ...timesOf(ranks) }, weight };
  }

  return {
    layout,
    arrays: all,
    weights,
    frozen,
    task,
    unitsPerStep: task.unitsPerBatch * microBatches,
    learningRate: optimizer.groups[0].lr,
    evaluation,
    async step(data, step, factor) {
      const { losses, weight } = await gather(data, step);
      const gradientNorm = (await update.gradientNorm()) / weight;
      const result = { ...losses, gradientNorm };
      if (!isFiniteStep(result)) return result;
      const clip = clipNorm > 0 ? Math.min(1, clipNorm / (gradientNorm + 1e-6)) : 1;
      await update.step({ step: step + 1, gradientScale: clip / weight }, factor); // 5 descent
      await collective.allGatherParts(parameters, bounds);
      const decay = Math.min(averageDecay ?? 0, (step + 2) / (step + 11));
      await follow?.(decay, 1 - decay);
      return result;
    },
    fetch: () => arrays.pull(placed.average ?? placed.parameters, weights),
    async complete() {
      for (const [name, array] of Object.entries(all)) await arrays.pull(placed[name], array);
      for (const moment of Object.values(moments)) await collective.gatherParts(moment, bounds);
    },
    async restore() {
      for (const [name, array] of Object.entries(all)) await arrays.push(placed[name], array);
    },
  };
}

/** How many micro-batches a rank has. Throws `RankError` where they cannot be shared evenly. */
export function shareOf(microBatches: number, { size }: Collective): number {
  if (microBatches % size === 0) return microBatches / size;
  throw new RankError(
    "ranks have to share the micro-batches of a step evenly",
    `training.microBatches ${microBatches}, ${size} ranks`,
    `set --training.microBatches ${Math.ceil(microBatches / size) * size}: a step learns from as many batches of training.batchSize`,
  );
}

function timesOf(ranks: readonly { readonly dataWaitMs: number; readonly ms: number }[]) {
  const dataWaitMs = Math.max(...ranks.map((rank) => rank.dataWaitMs));
  if (ranks.length === 1) return { dataWaitMs };
  const times = ranks.map(({ ms }) => ms);
  const longest = Math.max(...times);
  return { dataWaitMs, slowestRank: times.indexOf(longest), rankWaitMs: longest - Math.min(...times) };
}
