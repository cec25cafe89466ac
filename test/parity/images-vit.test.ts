/** Vision transformer, masked autoencoder and their losses against PyTorch. See make_images_vit_goldens.py. */
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { grad } from "../../src/core/autodiff/grad.js";
import { input, type Tensor } from "../../src/core/graph/tensor.js";
import { randomStream } from "../../src/core/random.js";
import { nodeRuntime } from "../../src/core/runtime/node.js";
import type { Batch } from "../../src/data/training-data.js";
import { imageClassifier } from "../../src/models/image-classifier.js";
import type { ImageModel } from "../../src/models/image-model.js";
import { type MaskedAutoencoderConfig, maskedAutoencoder } from "../../src/models/mae.js";
import { type VitConfig, vit } from "../../src/models/vit.js";
import { lookUp } from "../../src/nn/parameter.js";
import { crossEntropy, crossEntropyLoss } from "../../src/objectives/cross-entropy.js";
import type { ImageObjective } from "../../src/objectives/image-objective.js";
import { maskedPatches } from "../../src/objectives/masked-patches.js";
import { ntXentLoss } from "../../src/objectives/nt-xent.js";
import { imageTask } from "../../src/objectives/task.js";
import { adamw } from "../../src/optim/adamw.js";
import { layOut, parameterTensors } from "../../src/optim/layout.js";
import { compileLoss } from "../../src/training/step.js";
import { evaluate } from "../evaluate.js";

interface Values {
  shape: number[];
  data: number[];
}

type Named = Record<string, Values>;

interface ClassifierGolden {
  config: VitConfig;
  weights: Named;
  images: Values;
  labels: number[];
  labelSmoothing: number;
  logits: Values;
  loss: number;
  gradients: Named;
}

interface MaeGolden {
  config: MaskedAutoencoderConfig;
  weights: Named;
  images: Values;
  visible: number[][];
  places: number[][];
  predicted: Values;
  losses: { normalised: number; plain: number };
  gradients: Named;
}

interface LossGolden {
  loss: number;
  gradient: Values;
}

interface LossesGolden {
  ntXent: (LossGolden & { temperature: number; projected: Values })[];
  crossEntropy: (LossGolden & { labelSmoothing: number; logits: Values; targets: Values })[];
}

function read<Golden>(name: string): Golden {
  return JSON.parse(readFileSync(new URL(`goldens/${name}.json`, import.meta.url), "utf8"));
}

/** Against the largest element of the expected values, or 0.01: a key's bias has no gradient at all. */
function relativeError(actual: ArrayLike<number>, expected: readonly number[]): number {
  const scale = Math.max(0.01, ...expected.map(Math.abs));
  return Math.max(...expected.map((e, i) => Math.abs(e - actual[i]))) / scale;
}

// float32 sums in another order: ten times what was seen and more.
const tolerance = 1e-5;

function symbols(weights: Named): Map<string, Tensor> {
  return new Map(Object.entries(weights).map(([name, { shape }]) => [name, input(name, "float32", shape)]));
}

const feeds = (weights: Named) =>
  Object.fromEntries(Object.entries(weights).map(([name, { data }]) => [name, data]));

/** The loss of a batch and every gradient, as training gets them. */
async function lossAndGradients<Model extends ImageModel>(
  model: Model,
  objective: ImageObjective<Model>,
  weights: Named,
  batch: Batch,
  batchSize: number,
) {
  const layout = layOut(model.parameters, adamw({ lr: 1 }));
  const state = { parameters: new Float32Array(layout.size), gradients: new Float32Array(layout.size) };
  const parameters = parameterTensors(layout, state.parameters);
  expect([...parameters.keys()].sort()).toEqual(Object.keys(weights).sort());
  for (const [name, { shape, data }] of Object.entries(weights)) {
    expect(parameters.get(name)!.shape, name).toEqual(shape);
    (parameters.get(name)!.data as Float32Array).set(data);
  }
  const task = imageTask(model, { ...model, batchSize }, objective);
  const session = { threads: 1, spin: false };
  const compiled = await compileLoss(nodeRuntime, task, layout, state, { session });
  const { loss } = await compiled.run(batch);
  await compiled.release();
  return { loss, gradients: parameterTensors(layout, state.gradients) };
}

describe("a vision transformer with a classifier", () => {
  const golden = read<ClassifierGolden>("images-vit");
  const { config, weights, images, labels, labelSmoothing } = golden;
  const numClasses = golden.logits.shape[1];
  const model = imageClassifier(vit(config), numClasses);

  it("gives PyTorch's logits", async () => {
    const logits = model.logits(lookUp(symbols(weights)), input("images", "float32", images.shape));
    const values = await evaluate({ logits }, { ...feeds(weights), images: images.data });
    expect(relativeError(values.logits, golden.logits.data)).toBeLessThan(tolerance);
  });

  it("gives PyTorch's smoothed loss and every gradient", async () => {
    const objective = crossEntropy({ numClasses, labelSmoothing });
    const shape = { ...config, batchSize: labels.length };
    const raw = { images: Float32Array.from(images.data), labels: Int32Array.from(labels) };
    const batch = objective.complete(raw, shape, randomStream(1, "unused"));
    const { loss, gradients } = await lossAndGradients(model, objective, weights, batch, labels.length);
    expect(loss).toBeCloseTo(golden.loss, 5);
    for (const [name, { data }] of Object.entries(golden.gradients)) {
      const error = relativeError(gradients.get(name)!.data as Float32Array, data);
      expect(error, name).toBeLessThan(tolerance);
    }
  });
});

describe("a masked autoencoder", () => {
  const golden = read<MaeGolden>("images-vit-mae");
  const { config, weights, images, visible, places } = golden;
  const model = maskedAutoencoder(config);
  const { patchSize } = config;
  const batch = {
    images: Float32Array.from(images.data),
    visible: Int32Array.from(visible.flat()),
    places: Int32Array.from(places.flat()),
  };
  const maskRatio = 1 - visible[0].length / places[0].length;

  it("gives PyTorch's pixels of all patches", async () => {
    const at = (name: string, rows: number[][]) => input(name, "int64", [rows.length, rows[0].length]);
    const predicted = model.predict(
      lookUp(symbols(weights)),
      input("images", "float32", images.shape),
      at("visible", visible),
      at("places", places),
    );
    const fed = { images: images.data, visible: visible.flat(), places: places.flat() };
    const values = await evaluate({ predicted }, { ...feeds(weights), ...fed });
    expect(predicted.shape).toEqual(golden.predicted.shape);
    expect(relativeError(values.predicted, golden.predicted.data)).toBeLessThan(tolerance);
  });

  it("gives PyTorch's loss over hidden patches and every gradient", async () => {
    const objective = maskedPatches({ patchSize, maskRatio });
    const { loss, gradients } = await lossAndGradients(model, objective, weights, batch, visible.length);
    expect(loss).toBeCloseTo(golden.losses.normalised, 5);
    for (const [name, { data }] of Object.entries(golden.gradients)) {
      const error = relativeError(gradients.get(name)!.data as Float32Array, data);
      expect(error, name).toBeLessThan(tolerance);
    }
  });

  it("gives PyTorch's loss over pixels as they are", async () => {
    const objective = maskedPatches({ patchSize, maskRatio, normalisePixels: false });
    const { loss } = await lossAndGradients(model, objective, weights, batch, visible.length);
    expect(loss).toBeCloseTo(golden.losses.plain, 5);
  });
});

describe("losses", () => {
  const golden = read<LossesGolden>("images-vit-losses");

  it.each(golden.ntXent)("NT-Xent at temperature $temperature", async (expected) => {
    const z = input<"b d">("z", "float32", expected.projected.shape);
    const { loss } = ntXentLoss(z, expected.temperature);
    const values = await evaluate({ loss, dz: grad(loss, [z])[0] }, { z: expected.projected.data });
    expect(values.loss[0]).toBeCloseTo(expected.loss, 5);
    expect(relativeError(values.dz, expected.gradient.data)).toBeLessThan(tolerance);
  });

  it.each(golden.crossEntropy)("cross-entropy of shares of classes, case %#", async (expected) => {
    const { labelSmoothing, logits, targets } = expected;
    const [batchSize, numClasses] = logits.shape;
    const image = { channels: 1, height: 1, width: 1, batchSize };
    const empty = { images: new Float32Array(), labels: new Int32Array() };
    const completed = crossEntropy({ numClasses, labelSmoothing }).complete(
      { ...empty, targets: Float32Array.from(targets.data) },
      image,
      randomStream(1, "unused"),
    );
    const x = input<"b k">("x", "float32", logits.shape);
    const { loss } = crossEntropyLoss(x, input("targets", "float32", logits.shape));
    const values = await evaluate(
      { loss, dx: grad(loss, [x])[0] },
      { x: logits.data, targets: [...completed.targets] },
    );
    expect(values.loss[0]).toBeCloseTo(expected.loss, 5);
    expect(relativeError(values.dx, expected.gradient.data)).toBeLessThan(tolerance);
  });
});
