import { describe, expect, it } from "vitest";
import { evaluate, ramp } from "../../test/evaluate.js";
import { grad } from "../core/autodiff/grad.js";
import { input } from "../core/graph/tensor.js";
import { mul } from "../core/ops/elementwise.js";
import { sum } from "../core/ops/movement.js";
import { groupNorm } from "./group-norm.js";
import { lookUp } from "./parameter.js";

const weight = input("n.weight", "float32", [4]);
const bias = input("n.bias", "float32", [4]);
const p = lookUp(new Map([weight, bias].map((tensor, i) => [i ? "n.bias" : "n.weight", tensor])));

describe("groupNorm", () => {
  it("gives each group of an image mean 0 and variance 1 before weight and bias", async () => {
    const x = input("x", "float32", [1, 4, 1, 2]);
    const y = groupNorm(p, x, "n", 2);
    // Groups are 0 1 2 3 (mean 1.5, variance 1.25) and four times that.
    const feeds = { x: [0, 1, 2, 3, 0, 4, 8, 12], "n.weight": [1, 2, 3, 4], "n.bias": [0, 10, 20, 30] };
    const unit = 1 / Math.sqrt(1.25);
    const expected = [-1.5, -0.5, 10 / unit + 1, 10 / unit + 3, 20 / unit - 4.5, 20 / unit - 1.5];
    const last = [30 / unit + 2, 30 / unit + 6];
    const actual = (await evaluate({ y }, feeds)).y;
    // The epsilon moves the second digit behind 1e-5.
    for (const [i, value] of [...expected, ...last].entries()) expect(actual[i]).toBeCloseTo(value * unit, 4);
  });

  it("stays finite where all values are one large number", async () => {
    const x = input("x", "float32", [2, 4, 3]);
    const y = groupNorm(p, x, "n", 2);
    const [dx] = grad(sum(mul(y, input("g", "float32", [2, 4, 3]))), [x]);
    const feeds = { x: Array<number>(24).fill(1000.25), "n.weight": ramp(4), "n.bias": ramp(4), g: ramp(24) };
    const result = await evaluate({ y, dx }, feeds);
    expect(result.y.every(Number.isFinite)).toBe(true);
    expect(result.dx.every(Number.isFinite)).toBe(true);
  });

  it("gives gradients that sum to zero over a group and are at right angles to it", async () => {
    const x = input("x", "float32", [2, 4, 3]);
    const [dx] = grad(sum(mul(groupNorm(p, x, "n", 2), input("g", "float32", [2, 4, 3]))), [x]);
    const values = ramp(24).map((n) => Math.sin(n * n));
    const feeds = { x: values, "n.weight": [1, 2, -1, 0.5], "n.bias": ramp(4), g: ramp(24, 0.1) };
    const { dx: gradient } = await evaluate({ dx }, feeds);
    for (let group = 0; group < 4; group++) {
      const part = gradient.slice(group * 6, group * 6 + 6);
      const dot = part.reduce((total, g, i) => total + g * values[group * 6 + i], 0);
      expect(part.reduce((a, b) => a + b)).toBeCloseTo(0, 4);
      expect(dot).toBeCloseTo(0, 3); // up to epsilon
      expect(Math.max(...part.map(Math.abs))).toBeGreaterThan(0.05);
    }
  });
});
