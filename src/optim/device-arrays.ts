/** A step's arrays on a device: a tensor for each parameter, read and written where it lies. */
import { input, type Tensor } from "../core/graph/tensor.js";
import { add, mul } from "../core/ops/elementwise.js";
import { expand, reshape } from "../core/ops/movement.js";
import { sumSquare } from "../core/ops/reduce.js";
import {
  compile,
  type DeviceMemory,
  type DeviceTensor,
  type HostTensor,
  hostTensor,
  type Runtime,
  type SessionOptions,
} from "../core/runtime/session.js";
import type { Arrays, Blend } from "./arrays.js";
import { type Layout, parameterTensors, type Slot } from "./layout.js";
import type { Optimizer } from "./optimizer.js";
import type { CompiledOptimizer, Descent } from "./update.js";

/** An array whose parts lie on a device, by their parameters' names. */
export interface DeviceArray {
  readonly tensors: ReadonlyMap<string, DeviceTensor>;
}

/** Arrays in a device's memory. `session` says which device. */
export function deviceArrays(
  runtime: Runtime,
  memory: DeviceMemory,
  layout: Layout,
  session: SessionOptions,
): Arrays<DeviceArray> {
  const each = async (
    { tensors }: DeviceArray,
    flat: Float32Array,
    copy: (there: DeviceTensor, here: HostTensor) => Promise<void>,
  ) => {
    for (const [name, here] of parameterTensors(layout, flat)) await copy(tensors.get(name)!, here);
  };
  const push = (array: DeviceArray, from: Float32Array) =>
    each(array, from, (there, here) => there.write(here));
  const of = async (host: Float32Array) => {
    const tensors = new Map<string, DeviceTensor>();
    for (const { parameter } of layout.slots) {
      tensors.set(parameter.name, await memory.allocate("float32", parameter.shape));
    }
    const array = { tensors };
    await push(array, host);
    return array;
  };
  return {
    of,
    pull: (array, into) => each(array, into, (there, here) => there.read(here)),
    push,
    zeros: () => of(new Float32Array(layout.size)),
    clearing: (array) => compileClearing(runtime, session, layout, array),
    blend: (target, source) => compileBlend(runtime, session, layout, target, source),
    optimizer: (optimizer, slots, descent) => compileOptimizer(runtime, session, optimizer, slots, descent),
  };
}

/** Collects what a graph reads, writes and is bound to, array by array. */
class Bound {
  readonly outputs: Record<string, Tensor> = {};
  readonly feeds: Record<string, HostTensor | DeviceTensor> = {};
  readonly into: Record<string, HostTensor | DeviceTensor> = {};

  /** The part of an array that is a parameter's. */
  read(name: string, { parameter }: Slot, array: DeviceArray): Tensor {
    const own = `${name} ${parameter.name}`;
    this.feeds[own] = array.tensors.get(parameter.name)!;
    return input(own, "float32", parameter.shape);
  }

  /** In its place the tensor that the array has from now on: written by the last node that reads the old one. */
  write(name: string, { parameter }: Slot, array: DeviceArray, becomes: Tensor): void {
    const own = `new ${name} ${parameter.name}`;
    this.outputs[own] = becomes;
    this.into[own] = array.tensors.get(parameter.name)!;
  }

  /** A number that changes from run to run. */
  scalar(name: string): Tensor {
    this.feeds[name] = hostTensor("float32", []);
    return input(name, "float32", []);
  }

  async compiled(runtime: Runtime, session: SessionOptions) {
    const { run } = await compile(runtime, this.outputs, session);
    return (values: Readonly<Record<string, number>>) => {
      for (const [name, value] of Object.entries(values)) {
        ((this.feeds[name] as HostTensor).data as Float32Array)[0] = value;
      }
      return run(this.feeds, this.into);
    };
  }
}

async function compileOptimizer(
  runtime: Runtime,
  session: SessionOptions,
  optimizer: Optimizer,
  slots: readonly Slot[],
  { parameters, gradients, moments }: Descent<DeviceArray>,
): Promise<CompiledOptimizer> {
  const updates: ((step: Parameters<CompiledOptimizer["step"]>[0], factor: number) => Promise<unknown>)[] =
    [];
  for (const [index, { rule, lr }] of optimizer.groups.entries()) {
    const own = slots.filter(({ group }) => group === index);
    if (own.length === 0) continue;
    const bound = new Bound();
    const scalars = Object.fromEntries(rule.scalars.map((name) => [name, bound.scalar(name)]));
    for (const slot of own) {
      const { shape } = slot.parameter;
      // Other rules see all parameters of a shape in one; here each is alone.
      const seen = (x: Tensor) => (rule.elementwise ? x : reshape(x, [1, ...shape]));
      const kept = (x: Tensor) => (rule.elementwise ? x : reshape(x, shape));
      const next = rule.update(
        seen(bound.read("parameter", slot, parameters)),
        seen(bound.read("gradient", slot, gradients)),
        Object.fromEntries(rule.moments.map((name) => [name, seen(bound.read(name, slot, moments[name]))])),
        scalars,
      );
      bound.write("parameter", slot, parameters, kept(next.parameter));
      for (const name of rule.moments) bound.write(name, slot, moments[name], kept(next.moments[name]));
    }
    const run = await bound.compiled(runtime, session);
    updates.push((step, factor) => run(rule.scalarValues({ ...step, lr: lr * factor })));
  }
  return {
    gradientNorm: await compileNorm(runtime, session, slots, gradients),
    async step(scalars, factor) {
      for (const update of updates) await update(scalars, factor);
    },
  };
}

/** Reads back one number. */
async function compileNorm(
  runtime: Runtime,
  session: SessionOptions,
  slots: readonly Slot[],
  gradients: DeviceArray,
): Promise<() => Promise<number>> {
  const bound = new Bound();
  const parts = slots.map((slot) => sumSquare(bound.read("gradient", slot, gradients)));
  const sum = hostTensor("float32", []);
  bound.outputs.sum = parts.reduce((total, part) => add(total, part));
  bound.into.sum = sum;
  const run = await bound.compiled(runtime, session);
  return async () => {
    await run({});
    return Math.sqrt((sum.data as Float32Array)[0]);
  };
}

async function compileBlend(
  runtime: Runtime,
  session: SessionOptions,
  { slots }: Layout,
  target: DeviceArray,
  source: DeviceArray,
): Promise<Blend> {
  const bound = new Bound();
  const [keep, take] = [bound.scalar("keep"), bound.scalar("take")];
  for (const slot of slots) {
    const kept = mul(bound.read("target", slot, target), keep);
    bound.write("target", slot, target, add(kept, mul(bound.read("source", slot, source), take)));
  }
  const run = await bound.compiled(runtime, session);
  return async (keep, take) => {
    await run({ keep, take });
  };
}

async function compileClearing(
  runtime: Runtime,
  session: SessionOptions,
  { slots }: Layout,
  array: DeviceArray,
): Promise<() => Promise<void>> {
  const bound = new Bound();
  const zero = bound.scalar("zero");
  for (const slot of slots) bound.write("array", slot, array, expand(zero, slot.parameter.shape));
  const run = await bound.compiled(runtime, session);
  return async () => {
    await run({ zero: 0 });
  };
}
