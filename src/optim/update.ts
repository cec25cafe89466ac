import { input, type Tensor } from "../core/graph/tensor.js";
import { add, mul } from "../core/ops/elementwise.js";
import { sumSquare } from "../core/ops/reduce.js";
import {
  compile,
  compileOverRows,
  type HostTensor,
  hostTensor,
  type Runtime,
  type Session,
} from "../core/runtime/session.js";
import { type Layout, type Stretch, stretches } from "./layout.js";
import type { Optimizer, StepScalars, UpdateRule } from "./optimizer.js";

/** Elements an elementwise graph works on at a time: its operands stay in the cache. */
const pieceSize = 2 ** 17;

/** What an optimizer reads and writes in place, each as long as the parameters; moments by the names that its rules use. */
export interface Descent<A> {
  readonly parameters: A;
  readonly gradients: A;
  readonly moments: Readonly<Record<string, A>>;
}

/** In flat arrays, as `Layout` has them. */
export type FlatState = Descent<Float32Array>;

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

/** Traces a rule and binds it to its stretch of the arrays. */
async function bindRule(
  runtime: Runtime,
  rule: UpdateRule,
  { offset, size, shape }: Stretch,
  state: FlatState,
): Promise<Bound> {
  const matrix = shape.reduce((a, b) => a * b, 1);
  const traced = rule.elementwise ? ["n"] : [size / matrix, ...shape];
  const array = (name: string) => input(name, "float32", traced);
  const byName = <T>(names: readonly string[], make: (name: string) => T) =>
    Object.fromEntries(names.map((name) => [name, make(name)]));
  const scalars = byName(rule.scalars, () => hostTensor("float32", []));
  const symbols = byName(rule.scalars, (name) => input(name, "float32", []));
  const next = rule.update(array("parameter"), array("gradient"), byName(rule.moments, array), symbols);
  const own = (flat: Float32Array) => flat.subarray(offset, offset + size);
  // In place: each array's new value is written by the last node that reads the old one.
  const arrays: Record<string, Place> = {
    parameter: { array: own(state.parameters), becomes: next.parameter },
    gradient: { array: own(state.gradients) },
    ...byName(rule.moments, (name) => ({ array: own(state.moments[name]), becomes: next.moments[name] })),
  };
  const run = rule.elementwise
    ? await compileElementwise(runtime, arrays, scalars)
    : await compileWhole(runtime, arrays, scalars, traced as number[]);
  return async (values) => {
    for (const name of rule.scalars) (scalars[name].data as Float32Array)[0] = values[name];
    await run();
  };
}

/** An array that a graph reads, and what is written in its place. */
interface Place {
  readonly array: Float32Array;
  readonly becomes?: Tensor;
}

const results = (places: Readonly<Record<string, Place>>) =>
  Object.fromEntries(
    Object.entries(places).flatMap(([name, { becomes }]) => (becomes ? [[`new ${name}`, becomes]] : [])),
  );

/** Binds a graph's run to its places, each a tensor of one shape over a part of its array. */
function bind(
  session: Session,
  places: Readonly<Record<string, Place>>,
  scalars: Readonly<Record<string, HostTensor>>,
  shape: readonly number[],
  start = 0,
): () => Promise<unknown> {
  const length = shape.reduce((a, b) => a * b, 1);
  const feeds: Record<string, HostTensor> = { ...scalars };
  const into: Record<string, HostTensor> = {};
  for (const [name, { array, becomes }] of Object.entries(places)) {
    feeds[name] = hostTensor("float32", shape, array.subarray(start, start + length));
    if (becomes) into[`new ${name}`] = feeds[name];
  }
  return () => session.run(feeds, into);
}

async function compileWhole(
  runtime: Runtime,
  places: Readonly<Record<string, Place>>,
  scalars: Readonly<Record<string, HostTensor>>,
  shape: readonly number[],
): Promise<() => Promise<unknown>> {
  return bind(await compile(runtime, results(places)), places, scalars, shape);
}

/** An elementwise graph over arrays of one length: piece by piece in one run, and another for what is left. */
async function compileElementwise(
  runtime: Runtime,
  places: Readonly<Record<string, Place>>,
  scalars: Readonly<Record<string, HostTensor>>,
): Promise<() => Promise<void>> {
  const [{ array }] = Object.values(places);
  const pieces = Math.floor(array.length / pieceSize);
  const rest = array.length - pieces * pieceSize;
  const runs: (() => Promise<unknown>)[] = [];
  if (pieces > 0) {
    const session = await compileOverRows(runtime, results(places), Object.keys(places));
    runs.push(bind(session, places, scalars, [pieces, pieceSize]));
  }
  if (rest > 0) {
    const session = await compile(runtime, results(places));
    runs.push(bind(session, places, scalars, [rest], pieces * pieceSize));
  }
  return async () => {
    for (const run of runs) await run();
  };
}

async function compileNorm(runtime: Runtime, gradients: Float32Array): Promise<() => Promise<number>> {
  const session = await compile(runtime, { sum: sumSquare(input("x", "float32", ["n"])) });
  const step = pieceSize * 8;
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
  const scalars = { keep: hostTensor("float32", []), take: hostTensor("float32", []) };
  const array = (name: string) => input(name, "float32", ["n"]);
  const scalar = (name: string) => input(name, "float32", []);
  const becomes = add(mul(array("target"), scalar("keep")), mul(array("source"), scalar("take")));
  const places = { target: { array: target, becomes }, source: { array: source } };
  const run = await compileElementwise(runtime, places, scalars);
  return async (keep, take) => {
    (scalars.keep.data as Float32Array)[0] = keep;
    (scalars.take.data as Float32Array)[0] = take;
    await run();
  };
}
