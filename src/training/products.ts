/** Whether a model's products are faster in int8 on this machine. */
import { grad } from "../core/autodiff/grad.js";
import { input, type Tensor } from "../core/graph/tensor.js";
import { gemm } from "../core/ops/matmul.js";
import { sumSquare } from "../core/ops/reduce.js";
import { randomStream } from "../core/random.js";
import { compile, hostTensor, type Runtime, type SessionOptions } from "../core/runtime/session.js";
import { int8Multiply, type Multiply } from "../nn/int8-linear.js";
import { type LinearLayer, linearLayers } from "../nn/lora.js";
import type { Parameter } from "../nn/parameter.js";

/** What the products of linear layers are computed in, forward and backward. */
export type Products = "float32" | "int8";

/** Rows that go through the layer, as many as a small batch has. */
const rows = 1024;
/** Of each, taken in turns, after one to warm up. */
const rounds = 5;
/** Less is not worth that a run computes otherwise. */
const leastGain = 1.1;

/** What was chosen, and by what. */
export interface ProductsChoice {
  readonly products: Products;
  /** How many times as fast the widest linear layer is in int8, forward and backward; absent where there is no such product. */
  readonly gain?: number;
}

/** Times the widest of the linear layers in both, a second or two. */
export async function chooseProducts(
  runtime: Runtime,
  parameters: readonly Parameter[],
  session: SessionOptions = {},
): Promise<ProductsChoice> {
  const levels = (await runtime.kernels?.(session.device ?? "cpu"))?.int8Levels;
  const layers = linearLayers(parameters).sort((a, b) => b.inputs * b.outputs - a.inputs * a.outputs);
  if (levels === undefined || layers.length === 0) return { products: "float32" };
  const sides = await Promise.all(
    [gemm as Multiply, int8Multiply(levels)].map((multiply) =>
      compileLayer(runtime, multiply, layers[0], session),
    ),
  );
  const best = sides.map(() => Number.POSITIVE_INFINITY);
  for (let round = 0; round <= rounds; round++) {
    for (const [side, { run }] of sides.entries()) {
      const start = performance.now();
      await run();
      if (round > 0) best[side] = Math.min(best[side], performance.now() - start);
    }
  }
  for (const { release } of sides) await release();
  const gain = best[0] / best[1];
  return { products: gain >= leastGain ? "int8" : "float32", gain };
}

/** One layer's product with its gradients, on random numbers. */
async function compileLayer(
  runtime: Runtime,
  multiply: Multiply,
  { inputs, outputs }: LinearLayer,
  options: SessionOptions,
): Promise<{ run(): Promise<unknown>; release(): Promise<void> }> {
  const shapes = { x: [rows, inputs], w: [inputs, outputs] };
  const [x, w] = Object.entries(shapes).map(([name, shape]) => input(name, "float32", shape));
  const loss: Tensor<""> = sumSquare(multiply(x, w));
  const [dx, dw] = grad(loss, [x, w]);
  const session = await compile(runtime, { dx, dw }, options);
  const filled = Object.entries(shapes).map(([name, shape]) => {
    const stream = randomStream(0, name);
    const data = Float32Array.from({ length: shape[0] * shape[1] }, () => stream.uniform() - 0.5);
    return [name, hostTensor("float32", shape, data)] as const;
  });
  const feeds = Object.fromEntries(filled);
  const into = { dx: hostTensor("float32", shapes.x), dw: hostTensor("float32", shapes.w) };
  return { run: () => session.run(feeds, into), release: () => session.release() };
}
