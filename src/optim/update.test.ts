/** The in-place update over flat arrays, against the same formulas in plain float32 JavaScript, bit for bit. */
import { describe, expect, it } from "vitest";
import { input } from "../core/graph/tensor.js";
import { fillNormal, randomStream } from "../core/random.js";
import { nodeRuntime } from "../core/runtime/node.js";
import { compile, type HostTensor, hostTensor } from "../core/runtime/session.js";
import { filled, type Parameter, type Role } from "../nn/parameter.js";
import { adamw } from "./adamw.js";
import { type Layout, layOut, stretches } from "./layout.js";
import { muon } from "./muon.js";
import { type Optimizer, OptimizerError } from "./optimizer.js";
import { sgd } from "./sgd.js";
import { compileBlend, compileOptimizer, type FlatState, momentNames } from "./update.js";

const f = Math.fround;

/** A group of more than 2^18 elements: two pieces and a rest, with borders inside of parameters. */
const parameters: Parameter[] = [
  ["embedding", [200, 1000], "embedding"],
  ["norm", [65_537], "vector"],
  ["wide", [24, 40], "matrix"],
  ["bias", [40], "vector"],
  ["tall", [40, 24], "matrix"],
  ["wide too", [24, 40], "matrix"],
  ["head", [70, 1000], "head"],
].map(([name, shape, role]) => ({
  name: name as string,
  shape: shape as number[],
  role: role as Role,
  init: filled(0),
}));

function newState(layout: Layout, optimizer: Optimizer): FlatState {
  const flat = () => new Float32Array(layout.size);
  const state = {
    parameters: flat(),
    gradients: flat(),
    moments: Object.fromEntries(momentNames(optimizer).map((name) => [name, flat()])),
  };
  fillNormal(state.parameters, randomStream(1, "parameters"), 1);
  return state;
}

function copyOf({ parameters, gradients, moments }: FlatState): FlatState {
  return {
    parameters: parameters.slice(),
    gradients: gradients.slice(),
    moments: Object.fromEntries(Object.entries(moments).map(([name, array]) => [name, array.slice()])),
  };
}

/** Equal in every bit; quick for long arrays. */
function expectSame(actual: FlatState, expected: FlatState) {
  const same = (a: Float32Array, b: Float32Array) =>
    Buffer.from(a.buffer, a.byteOffset, a.byteLength).equals(
      Buffer.from(b.buffer, b.byteOffset, b.byteLength),
    );
  expect(same(actual.parameters, expected.parameters), "parameters").toBe(true);
  for (const [name, array] of Object.entries(actual.moments)) {
    expect(same(array, expected.moments[name]), name).toBe(true);
  }
}

/** One step of every element: `rule` gives its new parameter and writes its moments. */
type Reference = (state: FlatState, decays: (index: number) => boolean, step: number) => void;

const scale = 0.75;

const adamwReference: Reference = ({ parameters: p, gradients: g, moments: { m, v } }, decays, step) => {
  const [b1, b2] = [f(0.9), f(0.95)];
  const correction = Math.sqrt(1 - 0.95 ** step);
  const [first, second] = [f((1 - 0.9) * scale), f((1 - 0.95) * scale ** 2)];
  const [epsilon, rate] = [f(1e-8 * correction), f((0.01 * correction) / (1 - 0.9 ** step))];
  for (let i = 0; i < p.length; i++) {
    const keep = f(1 - (decays(i) ? 0.01 * 0.1 : 0));
    m[i] = f(m[i] * b1) + f(g[i] * first);
    v[i] = f(v[i] * b2) + f(f(g[i] * g[i]) * second);
    p[i] = f(p[i] * keep) - f(f(m[i] / f(f(Math.sqrt(v[i])) + epsilon)) * rate);
  }
};

const sgdReference: Reference = ({ parameters: p, gradients: g, moments: { m } }, decays) => {
  const [momentum, rate] = [f(0.9), f(0.01)];
  for (let i = 0; i < p.length; i++) {
    const scaled = f(g[i] * f(scale));
    m[i] = f(m[i] * momentum) + scaled;
    const direction = f(scaled + f(m[i] * momentum));
    p[i] = f(p[i] * f(1 - (decays(i) ? 0.01 * 0.2 : 0))) - f(direction * rate);
  }
};

describe("elementwise updates, in place and in chunks", () => {
  it.each([
    ["adamw", adamw({ lr: 0.01 }), adamwReference],
    ["sgd", sgd({ lr: 0.01, nesterov: true, weightDecay: 0.2 }), sgdReference],
  ] as const)("%s equals plain JavaScript in every bit for 6 steps", async (_, optimizer, reference) => {
    const layout = layOut(parameters, optimizer);
    const state = newState(layout, optimizer);
    const expected = copyOf(state);
    const update = await compileOptimizer(nodeRuntime, optimizer, layout, state);
    const firstVector = layout.slots.find(({ parameter: { role } }) => role === "vector")!.offset;
    for (let step = 1; step <= 6; step++) {
      fillNormal(state.gradients, randomStream(1, "gradients", step), 0.1);
      expected.gradients.set(state.gradients);
      await update.step({ step, gradientScale: scale }, 1);
      reference(expected, (index) => index < firstVector, step);
    }
    expectSame(state, expected);
  });
});

/** The same rules in sessions that get whole arrays and return new ones. */
async function outOfPlace(optimizer: Optimizer, layout: Layout, state: FlatState) {
  const parts = stretches(layout, optimizer).map(async ({ group, offset, size, shape }) => {
    const { rule, lr } = optimizer.groups[group];
    const matrix = shape.reduce((a, b) => a * b, 1);
    const dims = rule.elementwise ? [size] : [size / matrix, ...shape];
    const tensor = (name: string) => input(name, "float32", dims);
    const named = (names: readonly string[], make: (name: string) => ReturnType<typeof tensor>) =>
      Object.fromEntries(names.map((name) => [name, make(name)]));
    const scalars = named(rule.scalars, (name) => input(name, "float32", []));
    const next = rule.update(tensor("p"), tensor("g"), named(rule.moments, tensor), scalars);
    const session = await compile(nodeRuntime, {
      "new p": next.parameter,
      ...Object.fromEntries(Object.entries(next.moments).map(([name, t]) => [`new ${name}`, t])),
    });
    const arrays: Record<string, Float32Array> = { p: state.parameters, ...state.moments };
    return async (step: number) => {
      const part = (array: Float32Array) => hostTensor("float32", dims, array.slice(offset, offset + size));
      const values = rule.scalarValues({ lr, step, gradientScale: scale });
      const feeds: Record<string, HostTensor> = { g: part(state.gradients) };
      for (const name of ["p", ...rule.moments]) feeds[name] = part(arrays[name]);
      for (const name of rule.scalars) feeds[name] = hostTensor("float32", [], Float32Array.of(values[name]));
      const results = await session.run(feeds);
      for (const name of ["p", ...rule.moments]) {
        arrays[name].set(results[`new ${name}`].data as Float32Array, offset);
      }
    };
  });
  return Promise.all(parts);
}

describe("updates in place", () => {
  it.each([
    ["adamw", adamw({ lr: 0.01 })],
    ["sgd", sgd({ lr: 0.01 })],
    ["muon", muon({ lr: 0.01 })],
  ] as const)("%s equals the same rules out of place in every bit for 6 steps", async (_, optimizer) => {
    const layout = layOut(parameters, optimizer);
    const state = newState(layout, optimizer);
    const expected = copyOf(state);
    const update = await compileOptimizer(nodeRuntime, optimizer, layout, state);
    const sessions = await outOfPlace(optimizer, layout, expected);
    for (let step = 1; step <= 6; step++) {
      fillNormal(state.gradients, randomStream(2, "gradients", step), 0.1);
      expected.gradients.set(state.gradients);
      await update.step({ step, gradientScale: scale }, 1);
      for (const run of sessions) await run(step);
    }
    expectSame(state, expected);
  });
});

describe("weight decay", () => {
  it.each([
    ["adamw", adamw({ lr: 0.5, weightDecay: 0.25 })],
    ["sgd", sgd({ lr: 0.5, weightDecay: 0.25 })],
    ["muon", muon({ lr: 0.5, weightDecay: 0.25 })],
  ] as const)(
    "of %s shrinks all but vectors, by lr decay and the schedule's factor",
    async (_, optimizer) => {
      const layout = layOut(parameters, optimizer);
      const state = newState(layout, optimizer);
      const before = state.parameters.slice();
      const update = await compileOptimizer(nodeRuntime, optimizer, layout, state);
      await update.step({ step: 1, gradientScale: 1 }, 0.5);
      for (const { parameter, offset, size } of layout.slots) {
        const kept = parameter.role === "vector" ? 1 : 1 - 0.5 * 0.5 * 0.25;
        for (const index of [offset, offset + (size >> 1), offset + size - 1]) {
          expect(state.parameters[index], parameter.name).toBe(f(before[index] * kept));
        }
      }
    },
  );
});

describe("degenerate settings", () => {
  it.each([
    ["sgd without momentum", sgd({ lr: 0.5, momentum: 0 }), -0.5],
    ["adamw without averages", adamw({ lr: 0.5, betas: [0, 0], weightDecay: 0 }), -0.5],
  ] as const)("%s still steps", async (_, optimizer, expected) => {
    const layout = layOut(parameters.slice(0, 2), optimizer);
    const state = newState(layout, optimizer);
    const before = state.parameters.slice();
    state.gradients.fill(1);
    const update = await compileOptimizer(nodeRuntime, optimizer, layout, state);
    await update.step({ step: 1, gradientScale: 1 }, 1);
    for (const i of [0, layout.size - 1]) expect(state.parameters[i] - before[i]).toBeCloseTo(expected, 5);
  });

  it.each([
    ["betas[0] 1", () => adamw({ lr: 1, betas: [1, 1] })],
    ["betas[1] 1", () => muon({ lr: 1, adamw: { betas: [0.9, 1] } })],
    ["betas[0] -0.1", () => adamw({ lr: 1, betas: [-0.1, 0.9] })],
    ["betas[1] NaN", () => adamw({ lr: 1, betas: [0, Number.NaN] })],
    ["momentum 1", () => muon({ lr: 1, momentum: 1 })],
    ["momentum 1.5", () => sgd({ lr: 1, momentum: 1.5 })],
  ])("refuses %s", (values, make) => {
    expect(make).toThrow(OptimizerError);
    expect(make).toThrow(values);
  });

  it("refuses a parameter of no group", () => {
    const [embeddings] = adamw({ lr: 1 }).groups;
    expect(() => layOut(parameters, { groups: [embeddings] })).toThrow(OptimizerError);
  });
});

describe("gradientNorm", () => {
  it("equals JavaScript's over chunks, and shows what is not finite", async () => {
    const optimizer = sgd({ lr: 1 });
    const size = 2 ** 19 + 12_345;
    const layout = layOut([{ name: "w", shape: [size], role: "vector", init: filled(0) }], optimizer);
    const state = newState(layout, optimizer);
    const update = await compileOptimizer(nodeRuntime, optimizer, layout, state);
    fillNormal(state.gradients, randomStream(3, "gradients"), 0.3);
    const expected = Math.sqrt(state.gradients.reduce((sum, g) => sum + g * g, 0));
    expect((await update.gradientNorm()) / expected).toBeCloseTo(1, 5);
    state.gradients[size - 1] = Number.NaN;
    expect(await update.gradientNorm()).toBeNaN();
  });
});

describe("compileBlend", () => {
  it("is keep target + take source in every bit, across chunks, and leaves the source alone", async () => {
    const target = new Float32Array(2 ** 17 + 3);
    const source = new Float32Array(target.length);
    fillNormal(target, randomStream(4, "target"), 1);
    fillNormal(source, randomStream(4, "source"), 1);
    const [expected, untouched] = [target.slice(), source.slice()];
    const blend = await compileBlend(nodeRuntime, target, source);
    for (const [keep, take] of [
      [0.99, 0.01],
      [1, 1],
      [0, 0.25],
    ]) {
      await blend(keep, take);
      for (let i = 0; i < expected.length; i++) {
        expected[i] = f(expected[i] * f(keep)) + f(source[i] * f(take));
      }
    }
    expect(Buffer.from(target.buffer).equals(Buffer.from(expected.buffer))).toBe(true);
    expect(source).toEqual(untouched);
  });
});
