import { describe, expect, it } from "vitest";
import { input } from "../graph/tensor.js";
import { lower } from "../onnx/lower.js";
import { fillUniform, randomStream } from "../random.js";
import { nodeRuntime } from "../runtime/node.js";
import { compile, hostTensor, type Runtime } from "../runtime/session.js";
import { gemm } from "./matmul.js";

type Sizes = readonly [k: number, m: number, n: number];

const product = ([k, m, n]: Sizes) =>
  gemm(input("a", "float32", [k, m]), input("b", "float32", [k, n]), { transA: true });

async function run(runtime: Runtime, sizes: Sizes): Promise<Float32Array> {
  const [k, m, n] = sizes;
  const filled = (name: string, columns: number) => {
    const data = new Float32Array(k * columns);
    fillUniform(data, randomStream(0, name), -1, 1);
    return hostTensor("float32", [k, columns], data);
  };
  const session = await compile(runtime, { y: product(sizes) }, { threads: 1, spin: false });
  const { y } = await session.run({ a: filled("a", m), b: filled("b", n) });
  await session.release();
  expect(y.shape).toEqual([m, n]);
  return y.data as Float32Array;
}

describe("a product with its left operand transposed", () => {
  const operators = (sizes: Sizes) =>
    lower({ y: product(sizes) }, undefined, { transposesOften: true }).model.graph!.node.map((n) => n.opType);

  it.each<Sizes>([
    [100, 70, 400],
    [100, 400, 70],
  ])("is that of a copy where the kernels would transpose often: %j %j %j", async (...sizes) => {
    expect(operators(sizes).filter((name) => name === "Transpose").length).toBe(sizes[1] < sizes[2] ? 1 : 2);
    const plain = await run({ ...nodeRuntime, kernels: undefined }, sizes);
    const apart = await run({ ...nodeRuntime, kernels: async () => ({ transposesOften: true }) }, sizes);
    // Sums of 100 float32 products of numbers below one, perhaps in another order.
    plain.forEach((value, i) => {
      expect(Math.abs(apart[i] - value)).toBeLessThan(1e-5);
    });
  });

  it("stays as it is where it is narrow", () => {
    expect(operators([100, 8, 400])).toEqual(["Gemm"]);
    expect(operators([100, 64, 64])).toEqual(["Gemm"]);
  });
});
