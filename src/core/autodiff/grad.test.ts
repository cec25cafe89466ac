import { describe, expect, it } from "vitest";
import { evaluate } from "../../../test/evaluate.js";
import { constant, input, ShapeError, type Tensor } from "../graph/tensor.js";
import { add, cast, exp, mul, sin, sub, tanh } from "../ops/elementwise.js";
import { gather, gatherElements } from "../ops/gather.js";
import { greater, where } from "../ops/logic.js";
import { matmul } from "../ops/matmul.js";
import { reshape, sum } from "../ops/movement.js";
import { layerNorm, logSoftmax, softmax } from "../ops/normalise.js";
import { argmax, mean } from "../ops/reduce.js";
import { slice } from "../ops/slice.js";
import { grad } from "./grad.js";

const close = (actual: number[], expected: number[], digits = 9) => {
  expect(actual.length).toBe(expected.length);
  actual.forEach((v, i) => {
    expect(v).toBeCloseTo(expected[i], digits);
  });
};

/** Rows of second derivatives of a scalar. */
function hessian(loss: Tensor, x: Tensor): Record<string, Tensor> {
  const [g] = grad(loss, [x]);
  const rows = Array.from({ length: x.shape[0] as number }, (_, i) => [
    `row${i}`,
    grad(sum(slice(g, 0, i, i + 1)), [x])[0],
  ]);
  return Object.fromEntries(rows);
}

describe("grad", () => {
  it("adds up over every use of a tensor and along intermediate ones", async () => {
    const x = input("x", "float64", [2]);
    const square = mul(x, x);
    const loss = sum(add(mul(square, x), square));
    const [dx, dSquare] = grad(loss, [x, square]);
    const y = await evaluate({ dx, dSquare }, { x: [2, -1] });
    close(y.dx, [3 * 4 + 2 * 2, 3 - 2]);
    close(y.dSquare, [3, 0]);
  });

  it("is zero where the loss does not depend on a tensor, or only by whole numbers", async () => {
    const x = input("x", "float64", [2, 3]);
    const other = input("other", "float64", [2]);
    const table = input("table", "float64", [3]);
    const loss = sum(gather(table, argmax(x)));
    const [dx, dOther, dTable] = grad(loss, [x, other, table]);
    const y = await evaluate({ dx, dOther, dTable }, { x: [1, 2, 3, 9, 8, 7], table: [1, 2, 3] });
    expect(y).toEqual({ dx: [0, 0, 0, 0, 0, 0], dOther: [0, 0], dTable: [1, 0, 1] });
  });

  it("passes through comparisons and casts as constants", async () => {
    const x = input("x", "float64", [3]);
    const loss = sum(mul(where(greater(x, 0), x, mul(x, 0.1)), cast(cast(x, "float32"), "float64")));
    const [dx] = grad(loss, [x]);
    close((await evaluate({ dx }, { x: [2, -2, 0.5] })).dx, [4, -0.4, 1], 6);
  });

  it("needs a scalar float loss and operators with gradients", () => {
    const x = input("x", "float32", [2, 3]);
    expect(() => grad(x, [x])).toThrow(/scalar float loss\n.*float32\[2, 3\]/);
    expect(() => grad(sum(argmax(x)), [x])).toThrow(ShapeError);
    const columns = gather(x, constant([0], [1], "int64"), 1);
    expect(() => grad(sum(columns), [x])).toThrow(/axis 1 of float32\[2, 3\]/);
  });

  it("of a reduction over no axes is that of the tensor itself", async () => {
    const x = input("x", "float64", []);
    const [dx] = grad(mean(mul(x, x)), [x]);
    expect((await evaluate({ dx }, { x: [3] })).dx).toEqual([6]);
  });
});

describe("gradients of gradients", () => {
  it("give the Hessian of a quadratic", async () => {
    const x = input("x", "float64", [2]);
    const a = constant([2, 1, 0, 3], [2, 2], "float64");
    const loss = sum(matmul(reshape(x, [1, 2]), matmul(a, reshape(x, [2, 1]))));
    const y = await evaluate(hessian(loss, x), { x: [5, 7] });
    close([...y.row0, ...y.row1], [4, 1, 1, 6]);
  });

  it("give the Hessian of softmax cross-entropy: diag(p) - p p^T", async () => {
    const x = input("x", "float64", [3]);
    const logits = reshape(x, [1, 3]);
    const target = constant([1], [1, 1], "int64");
    const loss = mean(sub(0, gatherElements(logSoftmax(logits), target)));
    const p = softmax(logits);
    const outputs: Record<string, Tensor> = { ...hessian(loss, x), p };
    const y = await evaluate(outputs, { x: [0.1, -0.4, 1.2] });
    const expected = y.p.flatMap((pi, i) => y.p.map((pj, j) => (i === j ? pi : 0) - pi * pj));
    close([...y.row0, ...y.row1, ...y.row2], expected);
  });

  it("go to the third order", async () => {
    const x = input("x", "float64", []);
    const [first] = grad(sin(x), [x]);
    const [second] = grad(first, [x]);
    const [third] = grad(second, [x]);
    close((await evaluate({ third }, { x: [0.3] })).third, [-Math.cos(0.3)]);
  });

  it("reach through layer norm where only its statistics are used", async () => {
    const x = input("x", "float32", [1, 3]);
    const ones = constant([1, 1, 1]);
    const weights = constant([1, -2, 3]);
    const [g] = grad(sum(mul(layerNorm(x, ones, constant([0, 0, 0])), weights)), [x]);
    const [second] = grad(sum(mul(tanh(exp(g)), weights)), [x]);
    const slope = async (values: number[]) => {
      const { s } = await evaluate({ s: sum(mul(tanh(exp(g)), weights)) }, { x: values });
      return s[0];
    };
    const { second: measured } = await evaluate({ second }, { x: [0.5, -1, 2] });
    const step = 1e-2;
    const difference = (await slope([0.5 + step, -1, 2])) - (await slope([0.5 - step, -1, 2]));
    expect(measured[0]).toBeCloseTo(difference / (2 * step), 2);
  });
});
