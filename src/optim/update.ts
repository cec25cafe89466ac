import { input, type Tensor } from "../core/graph/tensor.js";
import { add, mul } from "../core/ops/elementwise.js";
import { sumSquare } from "../core/ops/reduce.js";
import { compile, type HostTensor, hostTensor, type Runtime, type Session } from "../core/runtime/session.js";
import { type Layout, type Stretch, stretches } from "./layout.js";
import type { Optimizer, StepScalars, UpdateRule } from "./optimizer.js";

/** Elements an elementwise graph works on at a time: its operands stay in the cache. */
const chunkSize = 2 ** 17;

/** The flat arrays that an update reads and writes in place. */
export interface FlatState {
  readonly parameters: Float32Array;
  readonly gradients: Float32Array;
  /** By the names that the optimizer's rules use; each as long as the parameters. */
  readonly moments: Readonly<Record<string, Float32Array>>;
}

/** An optimizer over flat arrays, ready to take steps. */
export interface CompiledOptimizer {
  /** Square root of the sum of squares of all gradients. */
  gradientNorm(): Promise<number>;
  /** Updates parameters and moments in place. */
  step(scalars: Omit<StepScalars, "lr">, scheduleFactor: number): Promise<void>;
}

/** Names of the moment arrays that an optimizer keeps. */
export function momentNames({ groups }: Optimizer): string[] {
  return [...new Set(groups.flatMap((group) => group.rule.moments))];
}

/** Compiles the optimizer's rules over flat arrays. The arrays are kept and written in place. */
export async function compileOptimizer(
  runtime: Runtime,
  optimizer: Optimizer,
  layout: Layout,
  state: FlatState,
): Promise<CompiledOptimizer> {
  const parts: { group: number; work: Bound }[] = [];
  for (const stretch of stretches(layout, optimizer)) {
    const { rule } = optimizer.groups[stretch.group];
    parts.push({ group: stretch.group, work: await bindRule(runtime, rule, stretch, state) });
  }
  const norm = await compileNorm(runtime, state.gradients);
  return {
    gradientNorm: norm,
    async step(scalars, scheduleFactor) {
      for (const { group, work } of parts) {
        const { lr, rule } = optimizer.groups[group];
        await work(rule.scalarValues({ ...scalars, lr: lr * scheduleFactor }));
      }
    },
  };
}

type Bound = (scalars: Record<string, number>) => Promise<void>;

/** Traces a rule and binds it to its stretch of the arrays, whole or in chunks. */
async function bindRule(
  runtime: Runtime,
  rule: UpdateRule,
  { offset, size, shape }: Stretch,
  state: FlatState,
): Promise<Bound> {
  const matrix = shape.reduce((a, b) => a * b, 1);
  const traced = rule.elementwise ? ["n"] : [size / matrix, ...shape];
  const { session, scalars } = await compileRule(runtime, rule, traced);
  const step = rule.elementwise ? chunkSize : size;
  const runs: { feeds: Record<string, HostTensor>; into: Record<string, HostTensor> }[] = [];
  for (let start = 0; start < size; start += step) {
    const length = Math.min(step, size - start);
    const view = (array: Float32Array) =>
      hostTensor(
        "float32",
        rule.elementwise ? [length] : (traced as number[]),
        array.subarray(offset + start, offset + start + length),
      );
    const moments = rule.moments.map((name) => [name, view(state.moments[name])] as const);
    const parameter = view(state.parameters);
    runs.push({
      feeds: { parameter, gradient: view(state.gradients), ...Object.fromEntries(moments), ...scalars },
      // In place: each array's new value is written by the last node that reads the old one.
      into: {
        newParameter: parameter,
        ...Object.fromEntries(moments.map(([name, t]) => [`new ${name}`, t])),
      },
    });
  }
  return async (values) => {
    for (const name of rule.scalars) (scalars[name].data as Float32Array)[0] = values[name];
    for (const { feeds, into } of runs) await session.run(feeds, into);
  };
}

async function compileRule(
  runtime: Runtime,
  rule: UpdateRule,
  shape: (number | string)[],
): Promise<{ session: Session; scalars: Record<string, HostTensor> }> {
  const array = (name: string) => input(name, "float32", shape);
  const byName = (names: readonly string[], make: (name: string) => Tensor) =>
    Object.fromEntries(names.map((name) => [name, make(name)]));
  const scalars = byName(rule.scalars, (name) => input(name, "float32", []));
  const next = rule.update(array("parameter"), array("gradient"), byName(rule.moments, array), scalars);
  const outputs = Object.fromEntries(Object.entries(next.moments).map(([name, t]) => [`new ${name}`, t]));
  const session = await compile(runtime, { newParameter: next.parameter, ...outputs });
  return {
    session,
    scalars: Object.fromEntries(rule.scalars.map((name) => [name, hostTensor("float32", [])])),
  };
}

async function compileNorm(runtime: Runtime, gradients: Float32Array): Promise<() => Promise<number>> {
  const session = await compile(runtime, { sum: sumSquare(input("x", "float32", ["n"])) });
  const step = chunkSize * 8;
  const sum = hostTensor("float32", []);
  const chunks: HostTensor[] = [];
  for (let start = 0; start < gradients.length; start += step) {
    const part = gradients.subarray(start, start + step);
    chunks.push(hostTensor("float32", [part.length], part));
  }
  return async () => {
    let total = 0;
    for (const x of chunks) {
      await session.run({ x }, { sum });
      total += (sum.data as Float32Array)[0];
    }
    return Math.sqrt(total);
  };
}

/** target = decay target + (1 - decay) source, in place: an exponential average, or a plain sum of gradients. */
export async function compileBlend(
  runtime: Runtime,
  target: Float32Array,
  source: Float32Array,
): Promise<(keep: number, take: number) => Promise<void>> {
  const keep = hostTensor("float32", []);
  const take = hostTensor("float32", []);
  const blended = add(
    mul(input("target", "float32", ["n"]), input("keep", "float32", [])),
    mul(input("source", "float32", ["n"]), input("take", "float32", [])),
  );
  const session = await compile(runtime, { blended });
  const runs: { feeds: Record<string, HostTensor>; into: Record<string, HostTensor> }[] = [];
  for (let start = 0; start < target.length; start += chunkSize) {
    const view = (array: Float32Array) => {
      const part = array.subarray(start, start + chunkSize);
      return hostTensor("float32", [part.length], part);
    };
    const to = view(target);
    runs.push({ feeds: { target: to, source: view(source), keep, take }, into: { blended: to } });
  }
  return async (keepFactor, takeFactor) => {
    (keep.data as Float32Array)[0] = keepFactor;
    (take.data as Float32Array)[0] = takeFactor;
    for (const { feeds, into } of runs) await session.run(feeds, into);
  };
}
