/** What operators refuse, and how they say it; what conformance cannot show with one sample at a time. */
import { describe, expect, it } from "vitest";
import { evaluate, ramp } from "../../../test/evaluate.js";
import { grad } from "../autodiff/grad.js";
import { AutodidactError } from "../errors.js";
import { constant, input, named, ShapeError, type Tensor } from "../graph/tensor.js";
import { conv, convTranspose } from "./convolution.js";
import { add, mul } from "./elementwise.js";
import { oneHot, scatterAdd } from "./gather.js";
import { gemm, matmul } from "./matmul.js";
import { expand, reshape, sum, transpose } from "./movement.js";
import { averagePool, maxPool, upsample } from "./pooling.js";
import { logSumExp, max, moments, sumSquare } from "./reduce.js";
import { nonMaxSuppression, topK } from "./selection.js";
import { concat, slice, split, stack } from "./slice.js";

const x = input("x", "float32", [2, 3]);
const y = input("y", "float32", [4, 5]);
const ids = input("ids", "int64", [4]);
const image = input("image", "float32", [1, 4, 5, 5]);

describe("shape errors", () => {
  const mistakes: [string, () => Tensor, RegExp][] = [
    ["broadcast", () => add(x, y), /\[2, 3\] with \[4, 5\], axis -2: 2 against 4/],
    ["types", () => mul(x, input("d", "float64", [2, 3])), /float32\[2, 3\] and float64\[2, 3\]/],
    ["matmul", () => matmul(x, y), /float32\[2, 3\] times float32\[4, 5\]/],
    ["matmul of types", () => matmul(x, input("d", "float64", [3, 2])), /times float64/],
    ["matmul of vectors", () => matmul(x, input("v", "float32", [3])), /float32\[3\]/],
    ["gemm", () => gemm(x, y, { transA: true }), /float32\[2, 3\] times float32\[4, 5\]/],
    ["gemm's bias", () => gemm(x, transpose(x), { c: y }), /shapes do not broadcast/],
    ["reshape", () => reshape(x, [4]), /float32\[2, 3\] to \[4\]/],
    ["reshape with -1", () => reshape(x, [-1, 4]), /6 \/ 4/],
    ["transpose", () => transpose(x, [0, 0]), /\[0, 0\] for float32\[2, 3\]/],
    ["expand", () => expand(x, [2, 4]), /\[2, 3\] with \[2, 4\]/],
    ["expand to fewer", () => expand(x, [3]), /float32\[2, 3\] to \[3\]/],
    ["axis", () => sum(x, [2]), /axis 2 of rank 2\n.*use -2\.\.1/],
    ["slice", () => slice(x, 1, 1, 4), /1\.\.4 of axis 1 of float32\[2, 3\]/],
    ["slice backwards", () => slice(x, 1, 2, 1), /2\.\.1/],
    ["topK", () => topK(x, 4)[0], /4 of float32\[2, 3\]/],
    [
      "suppression",
      () => nonMaxSuppression(x, y, { overlap: 0.5, threshold: 0, limit: 1 }),
      /float32\[2, 3\] and float32\[4, 5\]\n.*give boxes \[b, n, 4\] and scores \[b, k, n\]/,
    ],
    ["split", () => split(x, 2, 1)[0], /axis 1 of float32\[2, 3\] in 2 parts/],
    ["concat", () => concat([x, y], 0), /float32\[2, 3\] and float32\[4, 5\] along axis 0/],
    ["scatter", () => scatterAdd(y, ids, x), /give updates of shape \[4, 5\]/],
    ["names", () => named("b t c", x), /"b t c" for float32\[2, 3\]/],
    ["constant", () => constant([1, 2], [3]), /2 values for \[3\]/],
    ["conv's channels", () => conv(image, input("w", "float32", [2, 3, 3, 3])), /float32\[2, 3, 3, 3\] for/],
    ["conv's groups", () => conv(image, input("w", "float32", [3, 2, 1, 1]), { groups: 2 }), /in 2 groups/],
    ["convTranspose", () => convTranspose(image, input("w", "float32", [3, 1, 1, 1])), /in 1 groups/],
    ["window", () => maxPool(image, 6), /6 over 5 \(with padding\) of float32\[1, 4, 5, 5\]/],
  ];
  it.each(mistakes)("%s", (_, make, message) => {
    expect(make).toThrow(message);
    expect(make).toThrow(AutodidactError);
  });

  it("are ShapeErrors with three parts", () => {
    try {
      add(x, y);
      expect.unreachable();
    } catch (error) {
      expect(error).toBeInstanceOf(ShapeError);
      const { what, values, advice } = error as ShapeError;
      expect([what, values, advice].every((part) => part.length > 0)).toBe(true);
    }
  });
});

describe("functions of primitives", () => {
  it("stack, split and one-hot", async () => {
    const stacked = stack([x, x], 1);
    const z = input("z", "float32", [2, 4]);
    const [[, second], [first], [, middle]] = [split(z, 2, -1), split(z, 2, -1), split(z, [1, 2, 1], -1)];
    const hot = oneHot(ids, 3);
    expect([stacked.shape, hot.shape, hot.dtype]).toEqual([[2, 2, 3], [4, 3], "bool"]);
    const result = await evaluate(
      { stacked, second, first, middle, hot },
      { x: ramp(6), z: ramp(8), ids: [2, 0, 1, 2] },
    );
    expect(result.stacked).toEqual([1, 2, 3, 1, 2, 3, 4, 5, 6, 4, 5, 6]);
    expect(result.second).toEqual([3, 4, 7, 8]);
    expect(result.first).toEqual([1, 2, 5, 6]); // those that nobody reads are written all the same
    expect(result.middle).toEqual([2, 3, 6, 7]);
    expect(result.hot).toEqual([0, 0, 1, 1, 0, 0, 0, 1, 0, 0, 0, 1]);
  });

  it("logSumExp does not overflow, moments are mean and variance", async () => {
    const { mean, variance } = moments(x, [-1]);
    const outputs = { total: logSumExp(x, [1]), mean, variance };
    const result = await evaluate(outputs, { x: [1000, 1000, 1000, 1, 2, 3] });
    expect(result.total[0]).toBeCloseTo(1000 + Math.log(3), 3);
    expect(result.mean).toEqual([1000, 2]);
    expect(result.variance[1]).toBeCloseTo(2 / 3, 5);
  });

  it("reductions over no axes keep the tensor", async () => {
    const result = await evaluate({ top: add(max(x, []), 0), squares: sumSquare(x, []) }, { x: ramp(6) });
    expect(result).toEqual({ top: ramp(6), squares: [1, 4, 9, 16, 25, 36] });
  });

  it("the largest elements share a gradient", async () => {
    const [dx] = grad(sum(max(x, [1])), [x]);
    expect((await evaluate({ dx }, { x: [5, 5, 1, 0, 2, 2] })).dx).toEqual([0.5, 0.5, 0, 0, 0.5, 0.5]);
  });
});

describe("images", () => {
  it("upsample repeats, and average pooling undoes it", async () => {
    const small = input("small", "float32", [1, 1, 2, 2]);
    const large = upsample(small, [2, 3]);
    expect(large.shape).toEqual([1, 1, 4, 6]);
    const [d] = grad(sum(large), [small]);
    const result = await evaluate({ large, back: averagePool(large, [2, 3]), d }, { small: [1, 2, 3, 4] });
    const rows = [1, 1, 1, 2, 2, 2];
    const next = rows.map((v) => v + 2);
    expect(result.large).toEqual([...rows, ...rows, ...next, ...next]);
    expect(result.back).toEqual([1, 2, 3, 4]);
    expect(result.d).toEqual([6, 6, 6, 6]);
  });

  it("convolve batches of any size, with gradients", async () => {
    const batch = input("batch", "float32", ["b", 1, 3]);
    const w = input("w", "float32", [1, 1, 2]);
    const result = conv(batch, w, { padding: 1, stride: 2 });
    expect(result.shape).toEqual(["b", 1, 2]);
    const [dw] = grad(sum(result), [w]);
    const feeds = { batch: { shape: [2, 1, 3], values: ramp(6) }, w: [1, 10] };
    expect(await evaluate({ result, dw }, feeds)).toEqual({ result: [10, 32, 40, 65], dw: [7, 14] });
  });

  it("convolve images of any size", async () => {
    const sound = input("sound", "float32", [1, 1, "t"]);
    const result = conv(sound, constant([1, 10], [1, 1, 2]), { padding: 1 });
    expect(result.shape).toEqual([1, 1, "t + 1"]);
    const feeds = { sound: { shape: [1, 1, 3], values: ramp(3) } };
    expect(await evaluate({ result }, feeds)).toEqual({ result: [10, 21, 32, 3] });
    expect(() => conv(sound, constant([1, 10], [1, 1, 2]), { stride: 2 })).toThrow(/axis length t/);
  });
});
