import { expect, it } from "vitest";
import { evaluate, ramp } from "../../test/evaluate.js";
import { grad } from "../core/autodiff/grad.js";
import { input, type Tensor } from "../core/graph/tensor.js";
import { mul } from "../core/ops/elementwise.js";
import { sum } from "../core/ops/movement.js";
import { gelu } from "./activation.js";
import { feedForward } from "./feed-forward.js";
import { inputsFor } from "./parameter.js";

// 8.8 MB of hidden numbers want three pieces of 4 MB, which do not divide 500 rows: there are four.
const [rows, width, hidden] = [500, 2, 4400];
const named = (name: string, shape: number[]) =>
  ({ name, shape, role: "matrix", init: { kind: "constant", value: 0 } }) as const;
const parameters = [
  named("up.weight", [hidden, width]),
  named("up.bias", [hidden]),
  named("down.weight", [width, hidden]),
  named("down.bias", [width]),
];

it("gives in pieces of rows what it gives at once, and the same gradients", async () => {
  const run = (count: number | "n") => {
    const p = inputsFor(parameters);
    const x = input<"n c">("x", "float32", [count, width]);
    const g = input("g", "float32", [count, width]);
    const y: Tensor = feedForward(p, x, { up: "up", down: "down", activation: gelu });
    const wanted = [x, ...parameters.map(({ name }) => p(name))];
    const gradients = grad(sum(mul(y, g)), wanted);
    const upToOne = (count: number) => ramp(count, 1 / count);
    const feed = (size: number) => ({ shape: [rows, size], values: upToOne(rows * size) });
    const weights = parameters.map(({ name, shape }) => [name, upToOne(shape[0] * (shape[1] ?? 1))]);
    const outputs = Object.fromEntries([y, ...gradients].map((tensor, i) => [`y${i}`, tensor]));
    return evaluate(outputs, { ...Object.fromEntries(weights), x: feed(width), g: feed(width) });
  };
  const [inPieces, atOnce] = [await run(rows), await run("n")];
  for (const [name, values] of Object.entries(atOnce)) {
    const largest = Math.max(...values.map(Math.abs));
    const error = Math.max(...values.map((value, i) => Math.abs(value - inPieces[name][i])));
    // Sums of 500 and 4,400 float32 products in another order.
    expect(error / largest, name).toBeLessThan(1e-5);
  }
});
