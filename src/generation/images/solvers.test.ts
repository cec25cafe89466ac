import { expect, it } from "vitest";
import { linearPath } from "../../objectives/flow-matching.js";
import { type FieldAt, type Solver, solvers } from "./solvers.js";

/** dx/dt = 3 cos(3t) x, which takes x(0) to x(0) exp(sin 3t). */
const field: FieldAt = async (x, t) => x.map((value) => 3 * Math.cos(3 * t) * value);

async function error(solver: Solver, steps: number): Promise<number> {
  let x: Float32Array = Float32Array.of(1, -2);
  for (let k = 0; k < steps; k++) x = await solvers[solver](linearPath, field, x, k / steps, (k + 1) / steps);
  return Math.max(...x.map((v, i) => Math.abs(v - [1, -2][i] * Math.exp(Math.sin(3)))));
}

it.each([
  ["euler", 1],
  ["heun", 2],
  ["midpoint", 2],
] as const)("%s errs with the step to the power of %i", async (solver, order) => {
  const [coarse, fine] = [await error(solver, 40), await error(solver, 80)];
  expect(fine).toBeGreaterThan(5e-5); // well above the rounding of float32
  expect(Math.abs(Math.log2(coarse / fine) - order)).toBeLessThan(0.35);
});
