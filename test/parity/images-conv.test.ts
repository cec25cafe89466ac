/** Our convolutional networks against PyTorch: output, loss, every gradient. See make_images_conv_goldens.py. */
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { grad } from "../../src/core/autodiff/grad.js";
import { input, type Tensor } from "../../src/core/graph/tensor.js";
import { mul } from "../../src/core/ops/elementwise.js";
import { mean } from "../../src/core/ops/reduce.js";
import type { ImageModel } from "../../src/models/image-model.js";
import { resnet } from "../../src/models/resnet.js";
import { unet } from "../../src/models/unet.js";
import { lookUp } from "../../src/nn/parameter.js";
import { evaluate } from "../evaluate.js";

type Values = Record<string, { shape: number[]; data: number[] }>;

interface Golden {
  config: Record<string, unknown>;
  weights: Values;
  inputs: Values;
  output: { data: number[] };
  loss: number;
  gradients: Values;
}

const read = (name: string): Golden =>
  JSON.parse(readFileSync(new URL(`goldens/images-conv-${name}.json`, import.meta.url), "utf8"));

/** The config's fields in the names that our functions take. */
const camel = (config: Record<string, unknown>) =>
  Object.fromEntries(
    Object.entries(config).map(([key, value]) => [key.replace(/_(.)/g, (_, c) => c.toUpperCase()), value]),
  ) as never;

/** Largest difference, relative to the largest element of the expected values. */
function relativeError(actual: readonly number[], expected: readonly number[]): number {
  const scale = Math.max(1e-6, ...expected.map(Math.abs));
  return Math.max(...expected.map((e, i) => Math.abs(e - actual[i]))) / scale;
}

/** Output, loss and gradients of what `forward` makes of the golden's inputs. */
async function compute(
  { weights, inputs }: Golden,
  forward: (p: ReturnType<typeof lookUp>, x: Record<string, Tensor>) => Tensor,
) {
  const symbol = ([name, { shape }]: [string, { shape: number[] }]): [string, Tensor] => [
    name,
    input(name, name === "labels" ? "int64" : "float32", shape),
  ];
  const parameters = new Map(Object.entries(weights).map(symbol));
  const { cotangent, ...x } = Object.fromEntries(Object.entries(inputs).map(symbol));
  const output = forward(lookUp(parameters), x);
  const loss = mean(mul(output, cotangent));
  const gradients = grad(loss, [...parameters.values()]);
  const named = Object.fromEntries([...parameters.keys()].map((name, i) => [`d ${name}`, gradients[i]]));
  const feeds = Object.entries({ ...weights, ...inputs }).map(([name, { data }]) => [name, data]);
  return evaluate({ output, loss, ...named } as Record<string, Tensor>, Object.fromEntries(feeds));
}

function expectSame(golden: Golden, model: ImageModel, actual: Record<string, number[]>): void {
  expect(model.config()).toEqual(golden.config);
  const shapes = Object.entries(golden.weights).map(([name, { shape }]) => [name, shape]);
  const declared = model.parameters.map(({ name, shape }) => [name, [...shape]]);
  expect(Object.fromEntries(declared)).toEqual(Object.fromEntries(shapes));
  // float32 against float64: 1e-4 of the largest element is ten times what was seen.
  expect(relativeError(actual.output, golden.output.data)).toBeLessThan(1e-4);
  expect(actual.loss[0]).toBeCloseTo(golden.loss, 5);
  for (const [name, { data }] of Object.entries(golden.gradients)) {
    expect(relativeError(actual[`d ${name}`], data), name).toBeLessThan(1e-4);
  }
}

describe("convolutional networks", () => {
  it("U-Net: PyTorch's output, loss and every gradient", async () => {
    const golden = read("unet");
    const model = unet(camel(golden.config));
    const predict = (p: ReturnType<typeof lookUp>, { x, time, labels }: Record<string, Tensor>) =>
      model.predict(p, x, time, labels);
    expectSame(golden, model, await compute(golden, predict));
  });

  it("ResNet: PyTorch's output, loss and every gradient", async () => {
    const golden = read("resnet");
    const model = resnet(camel(golden.config));
    expectSame(golden, model, await compute(golden, (p, { images }) => model.features(p, images)));
  });
});
