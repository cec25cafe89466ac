/** One training step, as the field describes it: predict, loss, gradient, descent. */
import { recompute } from "../core/autodiff/custom.js";
import { grad } from "../core/autodiff/grad.js";
import { known, sizeOf } from "../core/graph/size.js";
import { input, type Tensor, type TensorType } from "../core/graph/tensor.js";
import {
  compile,
  type DeviceTensor,
  type HostTensor,
  hostTensor,
  int64Tensor,
  type RunTensors,
  type Runtime,
  type SessionOptions,
} from "../core/runtime/session.js";
import type { Batch } from "../data/training-data.js";
import { type LoraConfig, loraAdapt } from "../nn/lora.js";
import { lookUp } from "../nn/parameter.js";
import { blockInputs, feedsOf, namedInputs, type Weights } from "../nn/weights.js";
import { ObjectiveError } from "../objectives/errors.js";
import type { Measure, Task } from "../objectives/task.js";
import type { DeviceArray } from "../optim/device-arrays.js";
import { type Layout, parameterTensors } from "../optim/layout.js";
import type { Products } from "./products.js";

/** The loss of a batch, and what else the objective measures. */
export interface Losses {
  /** In the objective's own unit. */
  readonly loss: number;
  readonly metrics: Readonly<Record<string, number>>;
}

/** Means over batches, each counted `weights` times. Where nothing counts they are zero. */
export function meanLosses(parts: readonly Losses[], weights: readonly number[]): Losses {
  const total = weights.reduce((sum, weight) => sum + weight, 0) || 1;
  const mean = (of: (losses: Losses) => number) =>
    parts.reduce((sum, part, i) => sum + of(part) * weights[i], 0) / total;
  const names = Object.keys(parts[0].metrics);
  return {
    loss: mean(({ loss }) => loss),
    metrics: Object.fromEntries(names.map((name) => [name, mean(({ metrics }) => metrics[name])])),
  };
}

/** A compiled objective over flat parameters. */
export interface CompiledLoss extends Pick<Task, "counts" | "count" | "report"> {
  /** The losses of the batch; with gradients, they are left in the gradient array. */
  run(batch: Batch): Promise<Losses>;
  /** Frees its sessions. */
  release(): Promise<void>;
}

/** What the graph reads and writes in place at every run: on the host as the layout has it, or on the session's device. */
export interface LossArrays {
  /** The trained parameters. */
  readonly parameters: Float32Array | DeviceArray;
  /** Absent: no gradients are computed. */
  readonly gradients?: Float32Array | DeviceArray;
  /** The model's weights where the trained parameters are an adapter's. */
  readonly frozen?: Weights;
}

const tensorsOf = (
  layout: Layout,
  array: Float32Array | DeviceArray,
): ReadonlyMap<string, HostTensor | DeviceTensor> =>
  array instanceof Float32Array ? parameterTensors(layout, array) : array.tensors;

export interface LossOptions {
  readonly lora?: LoraConfig;
  readonly session?: SessionOptions;
  /** Keep only each layer's input for the backward pass and compute the rest again. */
  readonly recomputeLayers?: boolean;
  /** What the products of linear layers are computed in; default float32. */
  readonly products?: Products;
  /** Brings weights that stay as they are to where the session computes; default: they are read where they lie. */
  readonly keep?: (weights: Readonly<Record<string, HostTensor>>) => Promise<RunTensors>;
}

/** Traces a task and compiles its loss, with gradients where asked; without them it is the loss that is evaluated. */
export async function compileLoss(
  runtime: Runtime,
  task: Task,
  layout: Layout,
  arrays: LossArrays,
  {
    lora,
    session,
    recomputeLayers = false,
    products = "float32",
    keep = async (feeds) => feeds,
  }: LossOptions = {},
): Promise<CompiledLoss> {
  const measure = arrays.gradients ? task : (task.evaluation ?? task);
  const levels = products === "int8" ? await levelsOf(runtime, session) : undefined;
  const trained = namedInputs(layout.slots.map(({ parameter }) => [parameter.name, parameter]));
  const stays: Weights = arrays.frozen ?? new Map();
  const frozen = namedInputs([...stays].filter(([name]) => !trained.has(name)));
  const p = lookUp(new Map([...frozen, ...trained]), lora && loraAdapt(trained, lora), {
    eachLayer: recomputeLayers ? recompute : undefined,
    int8Levels: levels,
    blocks: blockInputs(stays),
  });
  const places = arrays.gradients && tensorsOf(layout, arrays.gradients);
  const parameters = Object.fromEntries(tensorsOf(layout, arrays.parameters));

  const compileShape = async (measure: Measure) => {
    const types = Object.entries(measure.batch);
    const batch = Object.fromEntries(
      types.map(([name, { dtype, shape }]) => [name, input(name, dtype, shape)]),
    );
    const { loss, metrics = {} } = measure.loss(p, batch); // 3 predict, 4 loss
    const outputs: Record<string, Tensor> = { loss, ...metrics };
    const scalars = Object.fromEntries(Object.keys(outputs).map((name) => [name, hostTensor("float32", [])]));
    const into: Record<string, HostTensor | DeviceTensor> = { ...scalars };
    if (places) {
      const gradients = grad(loss, [...trained.values()]); // 5 gradient
      [...trained.keys()].forEach((name, i) => {
        outputs[`d ${name}`] = gradients[i];
        into[`d ${name}`] = places.get(name)!;
      });
    }
    // Only then: where all is kept until the backward pass, another order takes up to a tenth more memory.
    const compiled = await compile(runtime, outputs, { ...session, early: recomputeLayers });
    const fixed = { ...(await keep(feedsOf(compiled, stays))), ...parameters };
    return { types, metrics: Object.keys(metrics), compiled, scalars, into, fixed };
  };
  const shapes: Awaited<ReturnType<typeof compileShape>>[] = [];
  for (const each of [measure, ...(measure.shapes ?? [])]) shapes.push(await compileShape(each));
  requireTold(shapes);

  return {
    async run(values) {
      const { types, metrics, compiled, scalars, into, fixed } = shapeOf(values, shapes);
      const fed = types.map(([name, type]) => [name, batchTensor(type, values[name])]);
      await compiled.run({ ...fixed, ...Object.fromEntries(fed) }, into);
      const scalar = (name: string) => (scalars[name].data as Float32Array)[0];
      return {
        loss: scalar("loss"),
        metrics: Object.fromEntries(metrics.map((name) => [name, scalar(name)])),
      };
    },
    counts: task.counts,
    count: task.count,
    report: task.report,
    async release() {
      for (const { compiled } of shapes) await compiled.release();
    },
  };
}

/** Throws `ObjectiveError` for two shapes that a batch's lengths do not tell apart. */
function requireTold(shapes: readonly { readonly types: readonly [string, TensorType][] }[]): void {
  const lengths = shapes.map(({ types }) => types.map(([, { shape }]) => sizeOf(shape)).join(", "));
  const twice = lengths.find((each, i) => shapes.length > 1 && lengths.indexOf(each) < i);
  if (twice === undefined) return;
  throw new ObjectiveError(
    "two shapes of batches have arrays of the same lengths",
    `${shapes[0].types.map(([name]) => name).join(", ")} of ${twice}`,
    "declare shapes that differ in the length of an array",
  );
}

/** The shape that a batch has; the only one where there is no other. */
function shapeOf<S extends { readonly types: readonly [string, TensorType][] }>(
  values: Batch,
  shapes: readonly S[],
): S {
  for (const [name] of shapes[0].types) {
    if (values[name] === undefined) throw missingTensor(name, Object.keys(values));
  }
  if (shapes.length === 1) return shapes[0];
  const found = shapes.find(({ types }) =>
    types.every(([name, { shape }]) => values[name].length === known(sizeOf(shape))),
  );
  if (found) return found;
  throw new ObjectiveError(
    "a batch is of no shape that the task was compiled for",
    shapes[0].types.map(([name]) => `${name} of ${values[name].length}`).join(", "),
    "make batches of the shapes that the task declares",
  );
}

/** Throws `ObjectiveError` where the device has no products in int8. */
async function levelsOf(runtime: Runtime, { device = "cpu" }: SessionOptions = {}): Promise<number> {
  const { int8Levels } = (await runtime.kernels?.(device)) ?? {};
  if (int8Levels !== undefined) return int8Levels;
  throw new ObjectiveError(
    "this device has no products in int8",
    device,
    'train on the CPU, or with training.products "float32"',
  );
}

function missingTensor(name: string, given: readonly string[]): ObjectiveError {
  return new ObjectiveError(
    "a batch lacks a tensor that the loss reads",
    `${name}; it has ${given.join(", ")}`,
    "give the data and the task the same names",
  );
}

function batchTensor({ dtype, shape }: TensorType, data: Int32Array | Float32Array): HostTensor {
  const sizes = shape as readonly number[];
  return data instanceof Int32Array ? int64Tensor(data, sizes) : hostTensor(dtype, sizes, data);
}
