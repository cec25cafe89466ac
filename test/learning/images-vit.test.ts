/** Classifier, masked autoencoder and contrastive network each learn one small batch by heart. */
import { expect, it } from "vitest";
import { randomStream } from "../../src/core/random.js";
import { nodeRuntime } from "../../src/core/runtime/node.js";
import { contrastive } from "../../src/models/contrastive.js";
import { imageClassifier } from "../../src/models/image-classifier.js";
import type { ImageModel } from "../../src/models/image-model.js";
import { maskedAutoencoder } from "../../src/models/mae.js";
import { vit } from "../../src/models/vit.js";
import { crossEntropy } from "../../src/objectives/cross-entropy.js";
import type { ImageObjective } from "../../src/objectives/image-objective.js";
import { maskedPatches } from "../../src/objectives/masked-patches.js";
import { ntXent } from "../../src/objectives/nt-xent.js";
import { imageTask } from "../../src/objectives/task.js";
import { adamw } from "../../src/optim/adamw.js";
import { layOut } from "../../src/optim/layout.js";
import { compileOptimizer } from "../../src/optim/update.js";
import { compileLoss, type Losses } from "../../src/training/step.js";
import { initialiseAll } from "../../src/training/weights.js";

const shape = { batchSize: 8, channels: 1, height: 8, width: 8 };
const sizes = { ...shape, patchSize: 2, embedWidth: 24, numLayers: 2, numHeads: 2, mlpWidth: 48 };
const session = { threads: 1, spin: false };

/** The first and the last losses of training on noise: nothing in it can be guessed, so a low loss is memory. */
async function train<Model extends ImageModel>(
  model: Model,
  objective: ImageObjective<Model>,
  steps: number,
): Promise<[Losses, Losses]> {
  const optimizer = adamw({ lr: 5e-3, weightDecay: 0 });
  const layout = layOut(model.parameters, optimizer);
  const flat = () => new Float32Array(layout.size);
  const state = { parameters: flat(), gradients: flat(), moments: { m: flat(), v: flat() } };
  initialiseAll(layout, state.parameters, 1);
  const loss = await compileLoss(nodeRuntime, imageTask(model, shape, objective), layout, state, { session });
  const update = await compileOptimizer(nodeRuntime, optimizer, layout, state);
  const batch = objective.complete(randomImages(objective.views ?? 1), shape, randomStream(1, "batch"));
  const losses: Losses[] = [];
  for (let step = 1; step <= steps; step++) {
    losses.push(await loss.run(batch));
    const gradientScale = Math.min(1, 1 / (await update.gradientNorm()));
    await update.step({ step, gradientScale }, Math.min(1, step / 10));
  }
  await loss.release();
  return [losses[0], losses.at(-1)!];
}

function randomImages(views: number) {
  const random = randomStream(2, "images");
  const count = views * shape.batchSize;
  return {
    images: Float32Array.from({ length: count * 64 }, () => random.normal()),
    labels: Int32Array.from({ length: count }, (_, i) => i % 4),
  };
}

it("a classifier tells the classes of noise", async () => {
  const classifier = imageClassifier(vit(sizes), 4);
  const [first, last] = await train(classifier, crossEntropy({ numClasses: 4 }), 40);
  expect(Math.abs(first.loss - Math.log(4))).toBeLessThan(0.5);
  expect(last.loss).toBeLessThan(0.05);
  expect(last.metrics.accuracy).toBe(1);
});

it("a masked autoencoder draws the hidden patches of noise", async () => {
  const model = maskedAutoencoder({ ...sizes, decoderWidth: 24, decoderLayers: 2, decoderHeads: 2 });
  const [first, last] = await train(model, maskedPatches({ patchSize: 2 }), 250);
  expect(first.loss).toBeGreaterThan(0.7); // the variance of normalised pixels: 3/4 with 4 pixels
  expect(last.loss).toBeLessThan(0.1);
});

it("a contrastive network finds the other view, though it is other noise", async () => {
  const model = contrastive(vit(sizes), { hiddenWidth: 24, projectionWidth: 16 });
  const [first, last] = await train(model, ntXent({ temperature: 0.2 }), 80);
  expect(first.loss).toBeGreaterThan(1);
  expect(last.loss).toBeLessThan(0.2);
  expect(last.metrics.accuracy).toBe(1);
});
