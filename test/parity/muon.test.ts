/**
 * Our Muon against PyTorch's arithmetic: see make_goldens.py. Two conventions differ and cancel.
 * Momentum: the golden's average beta m + (1 - beta) g is (1 - beta) times our sum beta m + g, and what is
 * orthogonalised does not depend on its scale. Step size: the golden's factor is sqrt(max(1, rows / columns)),
 * ours 0.2 sqrt(max(rows, columns)) (Liu et al. 2025), so the learning rate is multiplied by their quotient
 * and the weight decay divided by it, as decay acts through the learning rate.
 */
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { constant } from "../../src/core/graph/tensor.js";
import { nodeRuntime } from "../../src/core/runtime/node.js";
import { filled } from "../../src/nn/parameter.js";
import { layOut } from "../../src/optim/layout.js";
import { muon, orthogonalise } from "../../src/optim/muon.js";
import { compileOptimizer } from "../../src/optim/update.js";
import { evaluate } from "../evaluate.js";

interface Matrix {
  shape: [number, number];
  data: number[];
}

interface Golden {
  settings: { lr: number; momentum: number; weightDecay: number };
  orthogonalize: Record<string, { input: Matrix; output: Matrix }>;
  steps: Record<string, { weight: Matrix; gradients: Matrix[]; after: Matrix[] }>;
}

const golden: Golden = JSON.parse(readFileSync(new URL("goldens/muon.json", import.meta.url), "utf8"));

function largestDifference(actual: ArrayLike<number>, expected: readonly number[]): number {
  return Math.max(...expected.map((e, i) => Math.abs(e - actual[i])));
}

const orthogonal = async (data: number[], count: number, [rows, columns]: [number, number]) =>
  (await evaluate({ y: orthogonalise(constant(data, [count, rows, columns])) })).y;

describe.each(Object.entries(golden.orthogonalize))("orthogonalise, %s", (_, { input, output }) => {
  it("gives PyTorch's matrix", async () => {
    expect(largestDifference(await orthogonal(input.data, 1, input.shape), output.data)).toBeLessThan(1e-5);
  });

  it("treats each matrix of a batch alone, and does not depend on its scale", async () => {
    const batch = [1000, 1, -1e-3].flatMap((scale) => input.data.map((x) => scale * x));
    const expected = [1, 1, -1].flatMap((sign) => output.data.map((y) => sign * y));
    expect(largestDifference(await orthogonal(batch, 3, input.shape), expected)).toBeLessThan(5e-4);
  });
});

it("takes a convolution's kernel as the matrix of its outputs by all they read", async () => {
  const weightAfter = async (shape: number[]) => {
    const optimizer = muon({ lr: 0.1 });
    const layout = layOut([{ name: "w", shape, role: "matrix", init: filled(0) }], optimizer);
    const waves = (scale: number) =>
      Float32Array.from({ length: layout.size }, (_, i) => Math.sin(scale * i));
    const moments = { m: new Float32Array(layout.size) };
    const state = { parameters: waves(1), gradients: waves(0.7), moments };
    await (await compileOptimizer(nodeRuntime, optimizer, layout, state)).step(
      { step: 1, gradientScale: 1 },
      1,
    );
    return state.parameters;
  };
  expect(await weightAfter([4, 3, 2, 2])).toEqual(await weightAfter([4, 12]));
});

describe.each(Object.entries(golden.steps))("muon, %s", (_, { weight, gradients, after }) => {
  it("gives PyTorch's weights after each step", async () => {
    const { lr, momentum, weightDecay } = golden.settings;
    const [rows, columns] = weight.shape;
    const quotient = Math.sqrt(Math.max(1, rows / columns)) / (0.2 * Math.sqrt(Math.max(rows, columns)));
    const optimizer = muon({ lr: lr * quotient, momentum, weightDecay: weightDecay / quotient });
    const parameter = { name: "w", shape: weight.shape, role: "matrix" as const, init: filled(0) };
    const layout = layOut([parameter], optimizer);
    const flat = () => new Float32Array(layout.size);
    const state = { parameters: Float32Array.from(weight.data), gradients: flat(), moments: { m: flat() } };
    const update = await compileOptimizer(nodeRuntime, optimizer, layout, state);
    for (const [index, { data }] of gradients.entries()) {
      state.gradients.set(data);
      await update.step({ step: index + 1, gradientScale: 1 }, 1);
      expect(largestDifference(state.parameters, after[index].data), `step ${index}`).toBeLessThan(1e-5);
    }
  });
});
