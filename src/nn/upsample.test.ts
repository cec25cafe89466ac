import { expect, it } from "vitest";
import { evaluate, ramp } from "../../test/evaluate.js";
import { grad } from "../core/autodiff/grad.js";
import { input } from "../core/graph/tensor.js";
import { mul } from "../core/ops/elementwise.js";
import { sum } from "../core/ops/movement.js";
import { doubleSize } from "./upsample.js";

it("repeats every pixel in both directions, and adds the four gradients", async () => {
  const x = input("x", "float32", [1, 2, 2, 3]);
  const y = doubleSize(x);
  const [dx] = grad(sum(mul(y, input("g", "float32", [1, 2, 4, 6]))), [x]);
  const result = await evaluate({ y, dx }, { x: ramp(12), g: ramp(48) });
  const first = [1, 1, 2, 2, 3, 3];
  const second = [4, 4, 5, 5, 6, 6];
  expect(result.y.slice(0, 24)).toEqual([...first, ...first, ...second, ...second]);
  expect(result.y.slice(24)).toEqual([...first, ...first, ...second, ...second].map((v) => v + 6));
  expect(result.dx.slice(0, 2)).toEqual([1 + 2 + 7 + 8, 3 + 4 + 9 + 10]);
});
