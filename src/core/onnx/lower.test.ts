import { describe, expect, it } from "vitest";
import { evaluate, ramp } from "../../../test/evaluate.js";
import { operatorsRun } from "../../../test/operators-run.js";
import { grad } from "../autodiff/grad.js";
import { typedArray } from "../graph/dtype.js";
import { constant, input, ShapeError, scalar } from "../graph/tensor.js";
import { conv } from "../ops/convolution.js";
import { add, exp, mul, neg, tanh } from "../ops/elementwise.js";
import { matmul } from "../ops/matmul.js";
import { expand, reshape, sum, transpose } from "../ops/movement.js";
import { layerNorm, softmax } from "../ops/normalise.js";
import { concat, pad, slice } from "../ops/slice.js";
import { nodeRuntime } from "../runtime/node.js";
import { compile, hostTensor } from "../runtime/session.js";
import { lower } from "./lower.js";
import { printGraph } from "./print.js";

describe("printGraph", () => {
  it("writes a node a line", () => {
    const x = input("x", "float32", ["b", 2]);
    const w = constant([1, 2, 3, 4], [2, 2]);
    const y = softmax(matmul(x, w));
    expect(printGraph(lower({ y, total: sum(y, [1]) }))).toBe(`graph(x: float32[b, 2]) {
  constant_0: constant[2, 2]
  constant_3: constant[1]
  matmul_1 = MatMul(x, constant_0)
  y = Softmax(matmul_1) {axis: 1}
  total = ReduceSum(y, constant_3) {keepdims: 0}
} -> y: float32[b, 2], total: float32[b]`);
  });
});

describe("lower", () => {
  it("gives an input, a constant and one value under two names back", async () => {
    const x = input("x", "float32", [2]);
    const e = exp(x);
    const y = await evaluate({ same: x, fixed: constant([7]), e, again: e }, { x: [0, 0] });
    expect(y).toEqual({ same: [0, 0], fixed: [7], e: [1, 1], again: [1, 1] });
  });

  it("refuses two inputs of one name and sizes without a source", () => {
    const twins = add(input("x", "float32", [2]), input("x", "float32", [2]));
    expect(() => lower({ twins })).toThrow(/two graph inputs have one name\n.*x/);
    expect(() => lower({ y: expand(scalar(0), ["b"]) })).toThrow(/no input has this axis\n.*b/);
  });
});

describe("named sizes", () => {
  const past = input("past", "float32", ["b", "past", 2]);
  const fresh = input("fresh", "float32", ["b", "t", 2]);
  const all = concat([past, fresh], 1);

  it("run with any numbers, zero too", async () => {
    expect(all.shape).toEqual(["b", "past + t", 2]);
    const flat = reshape(all, [-1, 2]);
    const split = reshape(all, ["b", 1, "past + t", 2]);
    const tail = slice(all, 1, "past");
    const padded = pad(fresh, 1, "past", 0);
    const bias = expand(constant([1, 2], [1, 1, 2]), ["b", "t", 2]);
    expect([flat.shape, tail.shape, padded.shape]).toEqual([
      ["b*past + b*t", 2],
      ["b", "t", 2],
      ["b", "past + t", 2],
    ]);
    const outputs = { flat, split, tail, padded, bias };
    const session = await compile(nodeRuntime, outputs, { threads: 1, spin: false });
    for (const [b, p, t] of [
      [1, 2, 1],
      [2, 0, 3],
      [3, 1, 2],
      [0, 1, 1],
    ]) {
      const feed = (n: number, scale: number) =>
        hostTensor("float32", [b, n, 2], typedArray("float32", ramp(b * n * 2, scale)));
      const feeds = { past: feed(p, -1), fresh: feed(t, 1) };
      const y = await session.run(feeds);
      const values = (name: string) => Array.from(y[name].data as Float32Array);
      const [old, now] = [feeds.past, feeds.fresh].map(({ data }) => Array.from(data as Float32Array));
      const rows = Array.from({ length: b }, (_, i) => [
        ...old.slice(i * p * 2, (i + 1) * p * 2),
        ...now.slice(i * t * 2, (i + 1) * t * 2),
      ]);
      expect(y.flat.shape).toEqual([b * (p + t), 2]);
      expect(values("flat")).toEqual(rows.flat());
      expect(y.split.shape).toEqual([b, 1, p + t, 2]);
      expect(values("tail")).toEqual(now);
      expect(values("padded")).toEqual(rows.flatMap((row) => row.map((v, k) => (k < p * 2 ? 0 : v))));
      expect(values("bias")).toEqual(Array.from({ length: b * t }, () => [1, 2]).flat());
    }
    await session.release();
  });

  it("have gradients", async () => {
    const loss = sum(mul(slice(all, 1, "past"), slice(all, 1, "past")));
    const [dPast, dFresh] = grad(loss, [past, fresh]);
    expect([dPast.shape, dFresh.shape]).toEqual([past.shape, fresh.shape]);
    const y = await evaluate(
      { dPast, dFresh },
      { past: { shape: [1, 2, 2], values: ramp(4) }, fresh: { shape: [1, 1, 2], values: [3, 5] } },
    );
    expect(y).toEqual({ dPast: [0, 0, 0, 0], dFresh: [6, 10] });
  });

  it("are compared as sizes, not as texts", () => {
    const x = input("x", "float32", ["a + t", 2]);
    expect(slice(x, 0, 0, "t").shape).toEqual(["t", 2]);
    expect(() => slice(x, 0, 0, "a + t + 1")).toThrow(ShapeError);
    expect(input("y", "float32", ["t*b"]).shape).toEqual(["b*t"]);
  });
});

it("has ONNX Runtime compute early outputs before it goes on", async () => {
  const x = input("x", "float32", [4]);
  const first = exp(x);
  const outputs = { a: neg(first), b: neg(tanh(first)) };
  expect(await operatorsRun(outputs)).toEqual(["Exp", "Tanh", "Neg", "Neg"]);
  expect(await operatorsRun(outputs, { early: true })).toEqual(["Exp", "Neg", "Tanh", "Neg"]);
});

describe("what ONNX Runtime's optimizers did to Pad", () => {
  it("survives transposes around it", async () => {
    const x = input("x", "float32", [2, 1, 2]);
    const y = transpose(pad(transpose(x, [1, 0, 2]), 2, 1, 0), [1, 0, 2]);
    expect((await evaluate({ y }, { x: ramp(4) })).y).toEqual([0, 1, 2, 0, 3, 4]);
  });

  it("survives being the kernel of a convolution", async () => {
    const x = input("x", "float32", [1, 1, 3]);
    const w = input("w", "float32", [1, 1, 1]);
    const y = conv(x, pad(w, 2, 0, 1));
    expect((await evaluate({ y }, { x: [1, 2, 3], w: [10] })).y).toEqual([10, 20]);
  });
});

describe("float16", () => {
  it("computes and differentiates", async () => {
    const x = input("x", "float16", [2, 2]);
    const w = input("w", "float16", [2, 2]);
    const y = softmax(matmul(x, w));
    const [dw] = grad(sum(mul(y, y)), [w]);
    const feeds = { x: [1, 0, 0, 1], w: [0.5, -0.5, 0, 2] };
    const half = await evaluate({ y, dw }, feeds);
    const p = 1 / (1 + Math.exp(-1));
    expect(half.y[0]).toBeCloseTo(p, 3);
    expect(half.dw[0]).toBeCloseTo(2 * (2 * p - 1) * p * (1 - p), 3);
  });

  it("normalises, with statistics in float32", async () => {
    const x = input("x", "float16", [1, 3]);
    const scale = input("scale", "float16", [3]);
    const y = layerNorm(x, scale, scale);
    const [dx] = grad(sum(mul(y, y)), [x]);
    const half = await evaluate({ y, dx }, { x: [1, 2, 3], scale: [1, 1, 1] });
    expect(half.y[0]).toBeCloseTo(1 - Math.sqrt(1.5), 2);
    expect(half.dx[1]).toBeCloseTo(0, 2);
  });
});
