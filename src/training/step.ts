/** One training step, as the field describes it: predict, loss, gradient, descent. */
import { recompute } from "../core/autodiff/custom.js";
import { grad } from "../core/autodiff/grad.js";
import { input, type Tensor, type TensorType } from "../core/graph/tensor.js";
import {
  compile,
  type HostTensor,
  hostTensor,
  int64Tensor,
  type Runtime,
  type SessionOptions,
} from "../core/runtime/session.js";
import { type LoraConfig, loraAdapt } from "../nn/lora.js";
import { lookUp } from "../nn/parameter.js";
import type { Batch } from "../objectives/objective.js";
import type { Task } from "../objectives/task.js";
import { type Layout, views } from "../optim/layout.js";
import type { Weights } from "./weights.js";

/** The loss of a batch, and what else the objective measures. */
export interface Losses {
  /** Nats a token, or what the objective says. */
  readonly loss: number;
  readonly metrics: Readonly<Record<string, number>>;
}

/** Means over batches, each counted `weights` times (default once). */
export function meanLosses(parts: readonly Losses[], weights = parts.map(() => 1)): Losses {
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  const mean = (of: (losses: Losses) => number) =>
    parts.reduce((sum, part, i) => sum + of(part) * weights[i], 0) / total;
  const names = Object.keys(parts[0].metrics);
  return {
    loss: mean(({ loss }) => loss),
    metrics: Object.fromEntries(names.map((name) => [name, mean(({ metrics }) => metrics[name])])),
  };
}

/** A compiled objective over flat parameters. */
export interface CompiledLoss {
  /** The losses of the batch; with gradients, they are left in the gradient array. */
  run(batch: Batch): Promise<Losses>;
  /** How many tokens, pairs or the like a batch's loss is the mean of. */
  count(batch: Batch): number;
  /** Frees its sessions. */
  release(): Promise<void>;
}

/** What the graph reads and writes in place at every run. */
export interface LossArrays {
  /** The trained parameters, as the layout has them. */
  readonly parameters: Float32Array;
  /** Absent: no gradients are computed. */
  readonly gradients?: Float32Array;
  /** The model's weights where the trained parameters are an adapter's. */
  readonly frozen?: Weights;
}

export interface LossOptions {
  readonly lora?: LoraConfig;
  readonly session?: SessionOptions;
  /** Keep only each layer's input for the backward pass and compute the rest again. */
  readonly recomputeLayers?: boolean;
}

/** Traces a task and compiles its loss, with gradients where asked. */
export async function compileLoss(
  runtime: Runtime,
  task: Task,
  layout: Layout,
  arrays: LossArrays,
  { lora, session, recomputeLayers = false }: LossOptions = {},
): Promise<CompiledLoss> {
  const types = task.batch;
  const batch = symbols(Object.entries(types));
  const trained = symbols(layout.slots.map(({ parameter: { name, shape } }) => [name, floats(shape)]));
  const frozen = symbols([...(arrays.frozen ?? [])].map(([name, { shape }]) => [name, floats(shape)]));
  const p = lookUp(new Map([...frozen, ...trained]), lora && loraAdapt(trained, lora));

  const eachLayer = recomputeLayers ? recompute : undefined;
  const { loss, metrics = {} } = task.loss(p, Object.fromEntries(batch), eachLayer); // 3 predict, 4 loss
  const outputs: Record<string, Tensor> = { loss, ...metrics };
  const into = Object.fromEntries(Object.keys(outputs).map((name) => [name, hostTensor("float32", [])]));
  if (arrays.gradients) {
    const gradients = grad(loss, [...trained.values()]); // 5 gradient
    const places = views(layout, arrays.gradients);
    [...trained.keys()].forEach((name, i) => {
      outputs[`d ${name}`] = gradients[i];
      into[`d ${name}`] = places.get(name)!;
    });
  }
  const compiled = await compile(runtime, outputs, session);
  const fixed = feedsOf(compiled.graph.inputs, views(layout, arrays.parameters), arrays.frozen);
  const scalar = (name: string) => (into[name].data as Float32Array)[0];
  return {
    async run(values) {
      const fed = Object.entries(types).map(([name, type]) => [name, batchTensor(type, values[name])]);
      await compiled.run({ ...fixed, ...Object.fromEntries(fed) }, into);
      const measured = Object.keys(metrics).map((name) => [name, scalar(name)]);
      return { loss: scalar("loss"), metrics: Object.fromEntries(measured) };
    },
    count: task.count,
    release: () => compiled.release(),
  };
}

const floats = (shape: readonly number[]): TensorType => ({ dtype: "float32", shape });

function symbols(types: readonly (readonly [string, TensorType])[]): Map<string, Tensor> {
  return new Map(types.map(([name, { dtype, shape }]) => [name, input(name, dtype, shape)]));
}

/** Those of the arrays that the graph reads, as tensors that last. */
function feedsOf(
  inputs: ReadonlyMap<string, TensorType>,
  trained: ReadonlyMap<string, HostTensor>,
  frozen: Weights = new Map(),
): Record<string, HostTensor> {
  const still = [...frozen].map(
    ([name, { shape, data }]) => [name, hostTensor("float32", shape, data)] as const,
  );
  return Object.fromEntries([...still, ...trained].filter(([name]) => inputs.has(name)));
}

function batchTensor({ dtype, shape }: TensorType, data: Int32Array | Float32Array): HostTensor {
  const sizes = shape as readonly number[];
  return data instanceof Int32Array ? int64Tensor(data, sizes) : hostTensor(dtype, sizes, data);
}
