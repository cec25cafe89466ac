/** Each optimizer finds the minimum of a parabola and of Rosenbrock's valley: that it descends, not how. */
import { describe, expect, it } from "vitest";
import { fillNormal, randomStream } from "../../src/core/random.js";
import { nodeRuntime } from "../../src/core/runtime/node.js";
import { filled } from "../../src/nn/parameter.js";
import { adamw } from "../../src/optim/adamw.js";
import { layOut } from "../../src/optim/layout.js";
import { muon } from "../../src/optim/muon.js";
import type { Optimizer } from "../../src/optim/optimizer.js";
import { scheduleFactor } from "../../src/optim/schedule.js";
import { sgd } from "../../src/optim/sgd.js";
import { compileOptimizer } from "../../src/optim/update.js";

/** Writes the gradient at `x` and returns the value. */
type Landscape = (x: Float32Array, gradient: Float32Array) => number;

/** sum of c (x - 1)^2 / 2 with curvatures c from 1 to 10; minimum 0 at 1. */
const parabola: Landscape = (x, gradient) => {
  let value = 0;
  for (let i = 0; i < x.length; i++) {
    const curvature = 1 + (9 * i) / (x.length - 1);
    gradient[i] = curvature * (x[i] - 1);
    value += (curvature * (x[i] - 1) ** 2) / 2;
  }
  return value;
};

/** (1 - a)^2 + 100 (b - a^2)^2 over pairs of neighbours a, b; minimum 0 at 1. [Rosenbrock 1960] */
const rosenbrock: Landscape = (x, gradient) => {
  let value = 0;
  for (let i = 0; i < x.length; i += 2) {
    const [a, b] = [x[i], x[i + 1]];
    value += (1 - a) ** 2 + 100 * (b - a * a) ** 2;
    gradient[i] = -2 * (1 - a) - 400 * a * (b - a * a);
    gradient[i + 1] = 200 * (b - a * a);
  }
  return value;
};

/** The value after so many steps from near the origin, for a matrix of [4, 6], with a decaying rate. */
async function descend(optimizer: Optimizer, landscape: Landscape, steps: number) {
  const parameter = { name: "x", shape: [4, 6], role: "matrix" as const, init: filled(0) };
  const layout = layOut([parameter], optimizer);
  const flat = () => new Float32Array(layout.size);
  const state = { parameters: flat(), gradients: flat(), moments: { m: flat(), v: flat() } };
  fillNormal(state.parameters, randomStream(1, "start"), 0.3);
  const start = landscape(state.parameters, state.gradients);
  const update = await compileOptimizer(nodeRuntime, optimizer, layout, state);
  for (let step = 0; step < steps; step++) {
    landscape(state.parameters, state.gradients);
    const factor = scheduleFactor({ kind: "linear" }, step, steps);
    await update.step({ step: step + 1, gradientScale: 1 }, factor);
  }
  return { start, end: landscape(state.parameters, state.gradients) };
}

const weightDecay = 0;

describe.each([
  ["adamw", adamw({ lr: 0.1, weightDecay }), adamw({ lr: 0.05, weightDecay })],
  ["muon", muon({ lr: 0.2, weightDecay }), muon({ lr: 0.05, weightDecay })],
  ["sgd", sgd({ lr: 0.03 }), sgd({ lr: 2e-4, momentum: 0.98 })],
  ["sgd, nesterov", sgd({ lr: 0.03, nesterov: true }), sgd({ lr: 2e-4, momentum: 0.98, nesterov: true })],
] as const)("%s", (_, onParabola, onRosenbrock) => {
  it("minimises a parabola", async () => {
    const { start, end } = await descend(onParabola, parabola, 300);
    expect(start).toBeGreaterThan(10);
    expect(end).toBeLessThan(1e-4);
  });

  it("minimises Rosenbrock's function", async () => {
    const { start, end } = await descend(onRosenbrock, rosenbrock, 3000);
    expect(start).toBeGreaterThan(10);
    expect(end).toBeLessThan(1e-3);
  });
});
