/** The diffusion transformer and its losses against PyTorch. See make_images_dit_goldens.py. */
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { grad } from "../../src/core/autodiff/grad.js";
import { input, type Tensor, type TensorType } from "../../src/core/graph/tensor.js";
import { type DitConfig, dit } from "../../src/models/dit.js";
import { lookUp } from "../../src/nn/parameter.js";
import { ddpm, signalLevels } from "../../src/objectives/ddpm.js";
import { flowMatching } from "../../src/objectives/flow-matching.js";
import { evaluate } from "../evaluate.js";

interface Values {
  shape: number[];
  data: number[];
}

interface Golden {
  config: DitConfig;
  weights: Record<string, Values>;
  images: Values;
  noise: Values;
  times: number[];
  labels: number[];
  flow: { prediction: Values; loss: number; gradients: Record<string, Values> };
  ddpm: Record<"linear" | "cosine", { steps: number[]; signals: number[]; loss: number }>;
}

const golden: Golden = JSON.parse(readFileSync(new URL("goldens/images-dit.json", import.meta.url), "utf8"));
const { config, weights, images, noise, times, labels } = golden;
const { numClasses } = config;
const model = dit(config);
const shape = { batchSize: times.length, ...config };
const symbols = new Map(
  model.parameters.map(({ name, shape }) => [name, input(name, "float32", shape)] as const),
);
const p = lookUp(symbols);
const weightFeeds = Object.fromEntries(Object.entries(weights).map(([name, { data }]) => [name, data]));
const batchFeeds = { images: images.data, noise: noise.data, times, labels };

/** Largest difference, relative to the largest element of the expected values. */
function relativeError(actual: readonly number[], expected: readonly number[]): number {
  const scale = Math.max(1e-6, ...expected.map(Math.abs));
  return Math.max(...expected.map((e, i) => Math.abs(e - actual[i]))) / scale;
}

const batchSymbols = (types: Record<string, TensorType>): Record<string, Tensor> =>
  Object.fromEntries(
    Object.entries(types).map(([name, { dtype, shape }]) => [name, input(name, dtype, shape)]),
  );

it("has the parameters of the paper's code", () => {
  const shapes = Object.fromEntries(model.parameters.map(({ name, shape }) => [name, shape]));
  expect(shapes).toEqual(Object.fromEntries(Object.entries(weights).map(([name, w]) => [name, w.shape])));
});

describe("flow matching", () => {
  const objective = flowMatching({ time: "uniform", classDropout: 0, numClasses });
  const batch = batchSymbols(objective.batch(shape));

  // Float32 against float64: sums of up to 256 terms, through two blocks and back.
  it("gives PyTorch's loss and all of its gradients", async () => {
    const { loss } = objective.loss(model, p, batch);
    const gradients = grad(loss, [...symbols.values()]);
    const outputs = Object.fromEntries([...symbols.keys()].map((name, i) => [`d ${name}`, gradients[i]]));
    const results = await evaluate({ loss, ...outputs }, { ...weightFeeds, ...batchFeeds });
    expect(relativeError(results.loss, [golden.flow.loss])).toBeLessThan(1e-5);
    for (const [name, { data }] of Object.entries(golden.flow.gradients)) {
      expect(relativeError(results[`d ${name}` as "loss"], data), name).toBeLessThan(1e-4);
    }
  });

  it("and its prediction", async () => {
    const [x, t] = [input<"b c h w">("x", "float32", images.shape), input<"b">("t", "float32", [3])];
    const y = model.predict(p, x, t, input<"b">("classes", "int64", [3]));
    const size = images.data.length / times.length;
    const mixed = images.data.map((value, i) => {
      const time = times[Math.floor(i / size)];
      return time * value + (1 - time) * noise.data[i];
    });
    const results = await evaluate({ y }, { ...weightFeeds, x: mixed, t: times, classes: labels });
    expect(relativeError(results.y, golden.flow.prediction.data)).toBeLessThan(1e-5);
  });
});

describe.each(["linear", "cosine"] as const)("denoising diffusion on the %s schedule", (schedule) => {
  const { steps, signals, loss: expected } = golden.ddpm[schedule];

  it("has PyTorch's signal levels", () => {
    const levels = signalLevels({ schedule });
    steps.forEach((step, i) => {
      expect(Math.abs(levels[step] / signals[i] - 1)).toBeLessThan(1e-10);
    });
  });

  it("gives PyTorch's loss", async () => {
    const objective = ddpm({ schedule, classDropout: 0, numClasses });
    const { loss } = objective.loss(model, p, batchSymbols(objective.batch(shape)));
    const feeds = {
      ...{ ...weightFeeds, ...batchFeeds, times: steps.map((step) => 1 - step / 1000) },
      dataShares: signals.map(Math.sqrt),
      noiseShares: signals.map((signal) => Math.sqrt(1 - signal)),
    };
    expect(relativeError((await evaluate({ loss }, feeds)).loss, [expected])).toBeLessThan(1e-5);
  });
});
