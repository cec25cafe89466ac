import { describe, expect, it } from "vitest";
import { evaluate, ramp } from "../../../test/evaluate.js";
import { withGradient } from "../autodiff/custom.js";
import { constant, input, scalar, type Tensor } from "../graph/tensor.js";
import { add, cast, div, exp, mul, neg, sub } from "../ops/elementwise.js";
import { scatterAdd } from "../ops/gather.js";
import { expand, reshape, sum, transpose, zeros } from "../ops/movement.js";
import { layerNorm } from "../ops/normalise.js";
import { lower } from "./lower.js";

const x = input("x", "float32", [2, 3]);
const values = { x: ramp(6) };

/** The operators of the lowered graph, in order. */
const opsOf = (outputs: Record<string, Tensor>) => lower(outputs).model.graph!.node.map((n) => n.opType);
const constantsOf = (outputs: Record<string, Tensor>) => lower(outputs).model.graph!.initializer.length;

describe("simplify", () => {
  it("makes equal expressions one node", async () => {
    const y = add(mul(exp(x), 2), mul(exp(x), 2));
    expect(opsOf({ y })).toEqual(["Exp", "Mul", "Add"]);
    const expected = values.x.map((v) => 4 * Math.exp(v));
    const actual = (await evaluate({ y }, values)).y;
    actual.forEach((v, i) => {
      expect(v / expected[i]).toBeCloseTo(1, 5);
    });
  });

  it("keeps apart what differs in an attribute, an output or a type", () => {
    const y = add(sum(x, [0], { keepDims: true }), sum(x, [1], { keepDims: true }));
    expect(opsOf({ y })).toEqual(["Gemm", "ReduceSum", "Add"]);
    const casts = { a: cast(x, "float64"), b: cast(x, "float16") };
    expect(opsOf(casts)).toEqual(["Cast", "Cast"]);
    const twins = add(input("a", "float32", [2]), input("b", "float32", [2]));
    expect(lower({ y: twins }).inputs.size).toBe(2);
  });

  it("folds small constants", async () => {
    const half = div(constant([1, 2, 3]), constant([2]));
    const y = mul(x, neg(add(half, scalar(1))));
    expect(opsOf({ y })).toEqual(["Mul"]);
    expect(constantsOf({ y })).toBe(1);
    expect((await evaluate({ y }, values)).y).toEqual([-1.5, -4, -7.5, -6, -10, -15]);
  });

  it("folds constants of different shapes as broadcasting does", async () => {
    const grid = mul(constant([1, 2], [2, 1]), constant([1, 10, 100], [1, 3]));
    const y = add(x, grid);
    expect(opsOf({ y })).toEqual(["Add"]);
    expect((await evaluate({ y }, values)).y).toEqual([2, 12, 103, 6, 25, 206]);
  });

  it("leaves large constants and whole numbers to the runtime", () => {
    const large = constant(ramp(100), [100]);
    expect(opsOf({ y: mul(large, 2) })).toEqual(["Mul"]);
    expect(opsOf({ y: add(constant([1], [1], "int64"), constant([2], [1], "int64")) })).toEqual(["Add"]);
  });

  it("scatters into a summand what was scattered into zeros, repeated rows too", async () => {
    const rows = constant([1, 0, 1], [3], "int64");
    const scattered = scatterAdd(zeros([2, 3], "float32"), rows, constant(ramp(9, 10), [3, 3]));
    for (const y of [add(x, scattered), add(scattered, x)]) {
      expect(opsOf({ y })).toEqual(["ScatterND"]);
      expect((await evaluate({ y }, values)).y).toEqual([41, 52, 63, 84, 105, 126]);
    }
    const wider = add(expand(sum(x, [0]), [4, 2, 3]), scattered);
    expect(opsOf({ wider })).toContain("Add");
  });

  it("drops neutral elements", async () => {
    const one = scalar(1);
    for (const y of [add(x, 0), add(0, x), sub(x, 0), mul(x, 1), mul(one, x), div(x, 1)]) {
      expect(opsOf({ y: exp(y) })).toEqual(["Exp"]);
    }
    expect(opsOf({ y: sub(0, x) })).toEqual(["Sub"]);
    expect(opsOf({ y: div(1, x) })).toEqual(["Div"]);
    const wider = add(x, constant([0, 0], [2, 1, 1]));
    expect(opsOf({ wider })).toEqual(["Add"]);
    expect((await evaluate({ wider }, values)).wider).toEqual([...values.x, ...values.x]);
  });

  it("drops neutral elements that were expanded", () => {
    expect(opsOf({ y: exp(add(x, zeros([2, 3], "float32"))) })).toEqual(["Exp"]);
    expect(opsOf({ y: exp(mul(expand(scalar(1), [2, 3]), x)) })).toEqual(["Exp"]);
  });

  it("drops expands that broadcasting does anyway", async () => {
    const row = input("row", "float32", [3]);
    const feeds = { ...values, row: [10, 20, 30] };
    const one = sub(expand(row, [2, 3]), x);
    expect(opsOf({ one })).toEqual(["Sub"]);
    expect((await evaluate({ one }, feeds)).one).toEqual([9, 18, 27, 6, 15, 24]);
    const column = input("column", "float32", [2, 1]);
    const both = mul(expand(row, [2, 3]), expand(column, [2, 3]));
    expect(opsOf({ both }).filter((op) => op === "Expand").length).toBeLessThanOrEqual(1);
    expect((await evaluate({ both }, { row: [1, 2, 3], column: [1, 10] })).both).toEqual([
      1, 2, 3, 10, 20, 30,
    ]);
  });

  it("shortens chains of reshapes and transposes", async () => {
    const flat = reshape(reshape(reshape(x, [3, 2]), [6]), [1, 6]);
    expect(opsOf({ flat })).toEqual(["Reshape"]);
    const same = exp(reshape(reshape(x, [6]), [2, 3]));
    expect(opsOf({ same })).toEqual(["Exp"]);
    const cube = input("cube", "float32", [2, 3, 4]);
    const turned = transpose(transpose(cube, [1, 2, 0]), [2, 1, 0]);
    expect(opsOf({ turned })).toEqual(["Transpose"]);
    const naive = ramp(24).map((_, i) => {
      const [a, b, c] = [Math.floor(i / 12), Math.floor(i / 3) % 4, i % 3];
      return a * 12 + c * 4 + b + 1;
    });
    expect((await evaluate({ turned }, { cube: ramp(24) })).turned).toEqual(naive);
    expect(opsOf({ y: exp(transpose(transpose(x))) })).toEqual(["Exp"]);
  });

  it("merges what becomes equal only after shortening", () => {
    const a = reshape(reshape(x, [3, 2]), [6]);
    const b = reshape(reshape(x, [1, 6]), [6]);
    expect(opsOf({ y: add(exp(a), exp(b)) })).toEqual(["Reshape", "Exp", "Add"]);
  });

  it("removes custom gradients and outputs that nothing reads", () => {
    const y = withGradient(exp(x), [x], () => [x]);
    expect(opsOf({ y })).toEqual(["Exp"]);
    const vector = input("vector", "float32", [3]);
    const [node] = lower({ y: layerNorm(x, vector, vector) }).model.graph!.node;
    expect(node.output).toEqual(["y"]);
  });
});
