import { expect, it } from "vitest";
import { largestDifference } from "../../test/parity/full-forward.js";
import { input, type Tensor } from "../core/graph/tensor.js";
import { lower } from "../core/onnx/lower.js";
import { gemm } from "../core/ops/matmul.js";
import { reshape } from "../core/ops/movement.js";
import { randomStream } from "../core/random.js";
import { nodeRuntime } from "../core/runtime/node.js";
import { compile, type HostTensor, hostTensor } from "../core/runtime/session.js";
import { quantiseProducts } from "./quantise-products.js";

const stream = randomStream(2, "products");
const drawn = (...shape: number[]) => {
  const data = Float32Array.from({ length: shape.reduce((a, b) => a * b) }, () => stream.normal());
  return { shape, data };
};
const weights = new Map([
  ["a", drawn(10, 40)],
  ["b", drawn(40, 3)], // [in, out]
  ["bias", drawn(3)],
]);
const values = drawn(2, 4, 40);

/** Products of the same rows, each of which makes its own tensor of them. */
function products(): Record<"a" | "b", Tensor> {
  const x = input("x", "float32", values.shape);
  const rows = () => reshape(x, [8, 40]);
  const of = (name: string) => input(name, "float32", weights.get(name)!.shape);
  const back = (y: Tensor) => reshape(y, [2, 4, y.shape[1]]);
  return {
    a: back(gemm(rows(), of("a"), { transB: true })),
    b: back(gemm(rows(), of("b"), { c: of("bias") })),
  };
}

async function computed(outputs: Record<string, Tensor>): Promise<Record<string, HostTensor>> {
  const session = await compile(nodeRuntime, quantiseProducts(outputs, weights, 8), {}, weights);
  return session.run({ x: hostTensor("float32", values.shape, values.data) });
}

it("gives products of the same rows what each gives alone", async () => {
  const { a, b } = products();
  const together = await computed({ a, b });
  const { node } = lower(quantiseProducts({ a, b }, weights, 8), weights).model.graph!;
  expect(node.filter(({ opType }) => opType === "MatMulNBits")).toHaveLength(1);
  for (const [name, product] of Object.entries({ a, b })) {
    const { [name]: alone } = await computed({ [name]: product });
    expect(together[name].shape).toEqual(alone.shape);
    // A kernel adds up the last columns of a matrix in another order, and these are of size 10.
    expect(largestDifference(together[name].data as Float32Array, alone.data as Float32Array)).toBeLessThan(
      1e-5,
    );
  }
});
