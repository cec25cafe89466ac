/** The dense detector and its loss against PyTorch: maps, losses, every gradient. See make_detection_goldens.py. */
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { grad } from "../../src/core/autodiff/grad.js";
import { input, type Tensor } from "../../src/core/graph/tensor.js";
import { denseDetector } from "../../src/models/dense-detector.js";
import { featurePyramid } from "../../src/models/feature-pyramid.js";
import { lookUp } from "../../src/nn/parameter.js";
import { denseDetection, denseDetectionLoss } from "../../src/objectives/dense-detection.js";
import type { MeasuredLoss } from "../../src/objectives/objective.js";
import { evaluate } from "../evaluate.js";

type Values = Record<string, { shape: number[]; data: number[] }>;

interface LossGolden {
  name: string;
  inputs: Values;
  losses: Record<string, number>;
  gradients: Values;
}

interface NetworkGolden extends LossGolden {
  config: unknown;
  weights: Values;
  outputs: Values;
}

const read = (name: string) =>
  JSON.parse(readFileSync(new URL(`goldens/detection-${name}.json`, import.meta.url), "utf8"));

/** float32 against float64, relative to the largest element of what is expected: ten times what was seen. */
function expectClose(actual: readonly number[], expected: readonly number[], name: string): void {
  const scale = Math.max(1e-6, ...expected.map(Math.abs));
  const errors = expected.map((value, i) => Math.abs(value - actual[i]));
  expect(Math.max(...errors) / scale, name).toBeLessThan(1e-4);
}

const symbols = (values: Values): Record<string, Tensor> =>
  Object.fromEntries(
    Object.entries(values).map(([name, { shape }]) => [
      name,
      input(name, name === "classMap" ? "int64" : "float32", shape),
    ]),
  );

const dataOf = (values: Values) =>
  Object.fromEntries(Object.entries(values).map(([name, { data }]) => [name, data]));

/** The values of a loss, of its parts and of its gradients, and of other tensors. */
function compute({ loss, metrics }: MeasuredLoss, by: Record<string, Tensor>, feeds: Values, more = {}) {
  const gradients = grad(loss, Object.values(by));
  const named = Object.fromEntries(Object.keys(by).map((name, i) => [`d ${name}`, gradients[i]]));
  return evaluate<string>({ loss, ...metrics, ...named, ...more }, dataOf(feeds));
}

function expectSame(actual: Record<string, number[]>, { losses, gradients }: LossGolden): void {
  for (const [name, value] of Object.entries(losses)) {
    // Parts are differences of numbers of about one: rounding is relative to that where little is left.
    const error = Math.abs(actual[name][0] - value) / Math.max(1, Math.abs(value));
    expect(error, name).toBeLessThan(1e-5);
  }
  for (const [name, { data }] of Object.entries(gradients)) expectClose(actual[`d ${name}`], data, name);
}

describe("the dense detector", () => {
  const golden: NetworkGolden = read("network");
  const sizes = { channels: 3, height: 40, width: 24, stemWidth: 4, mapWidth: 4, groups: 2 };
  const encoder = featurePyramid({ ...sizes, stageWidths: [4, 6, 8], blocksPerStage: [1, 2, 1] });
  const model = denseDetector(encoder, { numClasses: 3, towerLayers: 2, groups: 2 });

  it("has PyTorch's names and shapes", () => {
    expect(model.config()).toEqual(golden.config);
    const declared = model.parameters.map(({ name, shape }) => [name, [...shape]]);
    const shapes = Object.entries(golden.weights).map(([name, { shape }]) => [name, shape]);
    expect(Object.fromEntries(declared)).toEqual(Object.fromEntries(shapes));
    expect(declared).toHaveLength(shapes.length);
  });

  it("has PyTorch's maps, losses and every gradient, where sizes are odd too", async () => {
    const weights = symbols(golden.weights);
    const batch = symbols(golden.inputs);
    const p = lookUp(new Map(Object.entries(weights)));
    const measured = denseDetection().loss(model, p, batch);
    const maps = { ...model.maps(p, batch.images) };
    const actual = await compute(measured, weights, { ...golden.weights, ...golden.inputs }, maps);
    for (const [name, { data }] of Object.entries(golden.outputs)) expectClose(actual[name], data, name);
    expectSame(actual, golden);
  });
});

it.each<LossGolden>(read("losses"))("the loss of $name", async (golden) => {
  const { classes, distances, quality, classMap, boxMap } = symbols(golden.inputs);
  const maps = { classes, distances, quality } as Parameters<typeof denseDetectionLoss>[0];
  const truth = { classMap, boxMap } as Parameters<typeof denseDetectionLoss>[1];
  expectSame(await compute(denseDetectionLoss(maps, truth), { ...maps }, golden.inputs), golden);
});
