/** Every operator of the table on every sample, on WebGPU: values and gradients are those of the CPU. */
import { expect, it } from "vitest";
import { grad } from "../../src/core/autodiff/grad.js";
import { dtypes } from "../../src/core/graph/dtype.js";
import type { Op, Sample } from "../../src/core/graph/op.js";
import { applyAll, input, type Tensor } from "../../src/core/graph/tensor.js";
import { add, mul } from "../../src/core/ops/elementwise.js";
import { sum } from "../../src/core/ops/movement.js";
import { operators } from "../../src/core/ops/table.js";
import { randomStream } from "../../src/core/random.js";
import { nodeRuntime } from "../../src/core/runtime/node.js";
import { compile, type HostTensor } from "../../src/core/runtime/session.js";
import { feedsFor } from "../conformance/check.js";
import { howToGetAdapter, useSoftwareAdapter } from "./software-adapter.js";

const isThere = useSoftwareAdapter();
/** What WebGPU's provider says that it does not compute, where nothing here could stand in for it. */
const refused: Readonly<Record<string, RegExp>> = { MaxPool: /Indices output is not supported/ };
/** Of the larger of 1 and the number on the CPU. */
const tolerance = 2e-5;

/** y = op(x), and the gradient of weights . y. */
function trace(op: Op, { inputs, attrs }: Sample<object>): Record<string, Tensor> {
  const x = inputs.map(({ dtype = "float32", shape }, i) => input(`x${i}`, dtype, shape));
  const y = applyAll(op, x, attrs);
  const outputs = Object.fromEntries(y.map((tensor, k) => [`y${k}`, tensor]));
  const parts = y.flatMap((tensor, k) =>
    dtypes[tensor.dtype].float ? [sum(mul(tensor, input(`weight${k}`, tensor.dtype, tensor.shape)))] : [],
  );
  if (!op.vjp || parts.length === 0) return outputs;
  const gradients = grad(
    parts.reduce((a, b) => add(a, b)),
    x,
  );
  return { ...outputs, ...Object.fromEntries(gradients.map((gradient, i) => [`d${i}`, gradient])) };
}

async function compute(op: Op, sample: Sample<object>, device: "cpu" | "webgpu") {
  const session = await compile(nodeRuntime, trace(op, sample), { device, threads: 1, spin: false });
  const results = await session.run(feedsFor(sample, session, randomStream(1, op.onnx)));
  await session.release();
  return results;
}

const numbers = ({ data }: HostTensor) => Array.from(data as ArrayLike<number | bigint>, Number);

it.for(operators.map((op) => [op.onnx, op] as const))("%s", async ([, op], { skip }) => {
  if (!isThere) skip(howToGetAdapter);
  for (const sample of op.samples) {
    const expected = await compute(op, sample, "cpu");
    if (refused[op.onnx]) {
      await expect(compute(op, sample, "webgpu")).rejects.toThrow(refused[op.onnx]);
      continue;
    }
    const actual = await compute(op, sample, "webgpu");
    for (const [name, tensor] of Object.entries(expected)) {
      expect(actual[name].shape.join()).toBe(tensor.shape.join());
      const found = numbers(actual[name]);
      const off = numbers(tensor).map(
        (value, i) => Math.abs(value - found[i]) / Math.max(1, Math.abs(value)),
      );
      expect(Math.max(0, ...off), `${name} of ${JSON.stringify(sample.attrs)}`).toBeLessThan(tolerance);
    }
  }
});
