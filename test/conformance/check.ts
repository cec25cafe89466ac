/** What must hold for one operator and one sample. */
import { expect } from "vitest";
import { grad } from "../../src/core/autodiff/grad.js";
import { type DType, dtypes, typedArray } from "../../src/core/graph/dtype.js";
import type { Op, Sample } from "../../src/core/graph/op.js";
import { applyAll, input, type Tensor } from "../../src/core/graph/tensor.js";
import { add, mul } from "../../src/core/ops/elementwise.js";
import { sum } from "../../src/core/ops/movement.js";
import { type RandomStream, randomStream } from "../../src/core/random.js";
import { nodeRuntime } from "../../src/core/runtime/node.js";
import { type Compiled, compile, type HostTensor, type Session } from "../../src/core/runtime/session.js";
import { references } from "./reference.js";

/** Step and relative tolerances of the finite differences; float32 rounds sums to about seven digits. */
const precisions = {
  float64: { step: 1e-3, value: 1e-10, gradient: 1e-8 },
  float32: { step: 3e-2, value: 2e-6, gradient: 1e-3 },
} as const;
type Precision = keyof typeof precisions;

type Values = Record<string, HostTensor>;

/** Operators that ONNX Runtime's CPU provider has in float32 only, or that name float32 in their types. */
const singlePrecision = new Set([
  "AveragePool",
  "Cast",
  "Conv",
  "ConvTranspose",
  "Erf",
  "HardSigmoid",
  "LayerNormalization",
  "MatMulIntegerToFloat",
  "NonMaxSuppression",
  "QuantizeLinear",
  "RotaryEmbedding",
]);

/** Checks a sample in float64 where the runtime has it. `name` seeds the random values. */
export async function checkSample(op: Op, sample: Sample<object>, name: string): Promise<void> {
  const precision = singlePrecision.has(op.onnx) ? "float32" : "float64";
  const trace = traceSample(op, sample, precision);
  const session = await compile(nodeRuntime, trace.outputs, { threads: 1, spin: false });
  await checkRun(op, sample, trace, session, randomStream(1, name), precision);
  await session.release();
}

interface Trace {
  x: Tensor[];
  y: Tensor[];
  outputs: Record<string, Tensor>;
}

/** y = op(x), loss = weights . y, its gradient, slope = gradient . direction, and the slope's gradient. */
function traceSample(op: Op, sample: Sample<object>, precision: Precision): Trace {
  const x = sample.inputs.map(({ dtype = precision, shape }, i) => input(`x${i}`, dtype, shape));
  const y = applyAll(op, x, sample.attrs);
  const outputs: Record<string, Tensor> = {};
  y.forEach((tensor, k) => {
    outputs[`y${k}`] = tensor;
  });
  const dot = (prefix: string, tensors: readonly Tensor[]) =>
    tensors
      .flatMap((tensor, k) => (isFloat(tensor) ? [sum(mul(tensor, like(`${prefix}${k}`, tensor)))] : []))
      .reduce<Tensor | undefined>((a, b) => (a ? add(a, b) : b), undefined);
  const loss = op.vjp && dot("weight", y);
  if (loss) {
    outputs.loss = loss;
    const first = grad(loss, x);
    const slope = dot("direction", first)!;
    outputs.slope = slope;
    const second = grad(slope, x);
    x.forEach((_, i) => {
      outputs[`first${i}`] = first[i];
      outputs[`second${i}`] = second[i];
    });
  }
  return { x, y, outputs };
}

const isFloat = ({ dtype }: { dtype: DType }) => dtypes[dtype].float;
const like = (name: string, { dtype, shape }: Tensor) => input(name, dtype, shape);

async function checkRun(
  op: Op,
  sample: Sample<object>,
  { y, outputs }: Trace,
  session: Compiled,
  random: RandomStream,
  precision: Precision,
): Promise<void> {
  const feeds = feedsFor(sample, session, random);
  const tolerance = precisions[precision];
  const results = await session.run(feeds);
  for (const [name, { dtype, shape }] of Object.entries(outputs)) {
    expect({ name, dtype: results[name].dtype, shape: [...results[name].shape] }).toEqual({
      name,
      dtype,
      shape: [...shape],
    });
  }
  const expected = references[op.onnx](
    sample.inputs.map(({ shape }, i) => ({ shape, data: numbers(feeds[`x${i}`]) })),
    sample.attrs,
  );
  y.forEach((_, k) => {
    expectClose(numbers(results[`y${k}`]), expected[k].data, tolerance.value, `value of output ${k}`);
  });
  if (!outputs.loss) return;
  const alone = new Set(gradientless[op.onnx]);
  const inputs = sample.inputs.map((_, i) => i).filter((i) => isFloat(feeds[`x${i}`]) && !alone.has(i));
  for (const [scalar, gradient] of [
    ["loss", "first"],
    ["slope", "second"],
  ]) {
    for (const i of inputs) {
      const size = feeds[`x${i}`].data.length;
      const along = Array.from({ length: size }, () => 2 * random.uniform() - 1);
      const product = numbers(results[`${gradient}${i}`]).reduce((sum, g, k) => sum + g * along[k], 0);
      const measured = await slopeAlong(session, feeds, `x${i}`, along, scalar, tolerance.step);
      expectClose([product], [measured], tolerance.gradient, `${gradient} derivative for input ${i}`);
    }
  }
}

/** What a graph is fed whose inputs x0, x1 and so on are the sample's; the others are random. */
export function feedsFor(sample: Sample<object>, { graph }: Compiled, random: RandomStream): Values {
  const feeds: Values = {};
  for (const [name, { dtype, shape }] of graph.inputs) {
    const given = name.startsWith("x") ? sample.inputs[Number(name.slice(1))] : undefined;
    const [low, high] = given?.range ?? [-1, 1];
    const size = (shape as number[]).reduce((a, b) => a * b, 1);
    const values = given?.values ?? Array.from({ length: size }, () => low + (high - low) * random.uniform());
    feeds[name] = { dtype, shape: shape as number[], data: typedArray(dtype, values) };
  }
  return feeds;
}

/** Float inputs whose gradient an operator leaves out on purpose, as its documentation says. */
const gradientless: Record<string, number[]> = { RotaryEmbedding: [1, 2] };

/** Derivative of an output along a direction of one input: central differences of fourth order. */
async function slopeAlong(
  session: Session,
  feeds: Values,
  name: string,
  along: readonly number[],
  output: string,
  step: number,
): Promise<number> {
  const at = async (steps: number) => {
    const { dtype, shape } = feeds[name];
    const moved = numbers(feeds[name]).map((v, k) => v + steps * step * along[k]);
    const result = await session.run({
      ...feeds,
      [name]: { dtype, shape, data: typedArray(dtype, moved) },
    });
    return numbers(result[output])[0];
  };
  return (8 * ((await at(1)) - (await at(-1))) - ((await at(2)) - (await at(-2)))) / (12 * step);
}

function numbers({ data }: HostTensor): number[] {
  return Array.from(data as ArrayLike<number | bigint>, Number);
}

function expectClose(actual: number[], expected: readonly number[], tolerance: number, what: string): void {
  expect(actual.length, what).toBe(expected.length);
  actual.forEach((value, i) => {
    const error = Math.abs(value - expected[i]) / Math.max(1, Math.abs(expected[i]));
    expect(error, `${what}, element ${i}: ${value} for ${expected[i]}`).toBeLessThan(tolerance);
  });
}
