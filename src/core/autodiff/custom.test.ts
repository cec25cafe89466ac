import { describe, expect, it } from "vitest";
import { evaluate, ramp } from "../../../test/evaluate.js";
import { operatorsRun } from "../../../test/operators-run.js";
import { input, type Tensor } from "../graph/tensor.js";
import { lower } from "../onnx/lower.js";
import { add, exp, mul, sub, tanh } from "../ops/elementwise.js";
import { gather } from "../ops/gather.js";
import { matmul, swapLast } from "../ops/matmul.js";
import { sum } from "../ops/movement.js";
import { recompute, withGradient } from "./custom.js";
import { grad } from "./grad.js";

describe("withGradient", () => {
  it("keeps the values and takes the given gradient", async () => {
    const x = input("x", "float64", [2]);
    const y = withGradient(exp(x), [x], (dy, value) => [mul(mul(dy, value), 10)]);
    const [dx] = grad(sum(mul(y, 3)), [x]);
    const result = await evaluate({ y, dx }, { x: [0, 0] });
    expect(result).toEqual({ y: [1, 1], dx: [30, 30] });
  });

  it("can be differentiated again", async () => {
    const x = input("x", "float64", []);
    const cube = withGradient(mul(mul(x, x), x), [x], (dy) => [mul(dy, mul(mul(x, x), 3))]);
    const [second] = grad(grad(cube, [x])[0], [x]);
    expect((await evaluate({ second }, { x: [2] })).second).toEqual([12]);
  });

  it("leaves inputs that get no gradient alone", async () => {
    const x = input("x", "float64", [2]);
    const w = input("w", "float64", [2]);
    const y = withGradient(mul(x, w), [x, w], (dy) => [mul(dy, w), undefined]);
    const [dx, dw] = grad(sum(y), [x, w]);
    expect(await evaluate({ dx, dw }, { x: [1, 2], w: [3, 4] })).toEqual({ dx: [3, 4], dw: [0, 0] });
  });
});

type Block = (x: Tensor, w: Tensor) => Tensor;
const block: Block = (x, w) => add(x, tanh(matmul(tanh(matmul(x, w)), w)));
const again: Block = (x, w) => recompute(() => block(x, w));
/** Its rule reads a value of the forward pass that is neither an input nor an output. */
const closing: Block = (x, w) => {
  const inner = tanh(matmul(x, w));
  return withGradient(mul(x, inner), [x, w], (dy) => {
    const through = mul(mul(dy, x), sub(1, mul(inner, inner)));
    return [add(mul(dy, inner), matmul(through, swapLast(w))), matmul(swapLast(x), through)];
  });
};
const twice: Block = (x, w) => recompute(() => again(again(x, w), w));

/** Three blocks that share one weight with the layer before them, and the loss' gradients. */
function network(body: Block): Record<string, Tensor> {
  const x = input("x", "float64", [2, 3]);
  const w = input("w", "float64", [3, 3]);
  const y = body(body(matmul(x, w), w), w);
  const loss = sum(mul(y, y));
  const [dx, dw] = grad(loss, [x, w]);
  const [second] = grad(sum(mul(dw, dw)), [w]);
  return { loss, dx, dw, second };
}
const feeds = { x: ramp(6, 0.1), w: ramp(9, 0.05) };
const count = (outputs: Record<string, Tensor>, opType: string) =>
  lower(outputs).model.graph!.node.filter((node) => node.opType === opType).length;

describe("recompute", () => {
  const open: Block = (x, w) => add(closing(closing(x, w), w), x);
  const closed: Block = (x, w) => recompute(() => open(x, w));
  it.each<[string, Block, Block]>([
    ["once", block, again],
    ["nested", (x, w) => block(block(x, w), w), twice],
    ["with rules that close over values", open, closed],
    [
      "nested, with such rules",
      (x, w) => open(open(x, w), w),
      (x, w) => recompute(() => closed(closed(x, w), w)),
    ],
  ])("changes no value and no gradient, %s", async (_, plain, body) => {
    const expected = await evaluate(network(plain), feeds);
    const actual = await evaluate(network(body), feeds);
    for (const [name, values] of Object.entries(expected)) {
      values.forEach((v, i) => {
        expect(actual[name][i] / v, name).toBeCloseTo(1, 9);
      });
    }
  });

  it("takes values that depend on each other as they are", async () => {
    const x = input("x", "float64", [2]);
    const loss = (wrap: <T extends Tensor>(body: () => T) => T) => {
      const h = exp(x);
      const k = mul(h, h);
      return sum(wrap(() => mul(mul(h, k), x)));
    };
    const [plain] = grad(
      loss((body) => body()),
      [x],
    );
    const [wrapped] = grad(loss(recompute), [x]);
    const y = await evaluate({ plain, wrapped }, { x: [0.3, -0.2] });
    y.plain.forEach((v, i) => {
      expect(y.wrapped[i]).toBeCloseTo(v, 12);
    });
  });

  it("works over whole numbers and gives tables their gradient", async () => {
    const table = input("table", "float64", [3, 2]);
    const ids = input("ids", "int64", [2]);
    const [d] = grad(sum(recompute(() => exp(gather(table, ids)))), [table]);
    expect((await evaluate({ d }, { table: [0, 0, 0, 0, 0, 0], ids: [2, 2] })).d).toEqual([0, 0, 0, 0, 2, 2]);
  });

  it("computes the body twice and nothing else again", () => {
    const { loss, dw } = network(block);
    const { loss: loss2, dw: dw2 } = network(again);
    expect(count({ loss, dw }, "Tanh")).toBe(4);
    expect(count({ loss: loss2, dw: dw2 }, "Tanh")).toBe(8);
    // A block's gradient needs its inner product again, its outer one for the last tanh, and no more.
    expect(count({ loss: loss2, dw: dw2 }, "MatMul") - count({ loss, dw }, "MatMul")).toBe(4);
  });

  it("computes what a rule closes over again", () => {
    const { loss, dw } = network(open);
    const { loss: loss2, dw: dw2 } = network(closed);
    expect(count({ loss, dw }, "Tanh")).toBe(4);
    expect(count({ loss: loss2, dw: dw2 }, "Tanh")).toBe(8);
  });

  it("is not undone by ONNX Runtime's optimizers", async () => {
    const x = input("x", "float32", [2, 3]);
    const w = input("w", "float32", [3, 3]);
    const y = again(again(matmul(x, w), w), w);
    const loss = sum(mul(y, y));
    const [dw] = grad(loss, [w]);
    const run = await operatorsRun({ loss, dw });
    expect(run.filter((operator) => operator === "Tanh").length).toBe(8);
  });
});
