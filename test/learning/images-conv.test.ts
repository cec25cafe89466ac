/** The U-Net and the residual network each learn one small batch by heart: model, gradient and descent together. */
import { describe, expect, it } from "vitest";
import { randomStream } from "../../src/core/random.js";
import { nodeRuntime } from "../../src/core/runtime/node.js";
import { imageClassifier } from "../../src/models/image-classifier.js";
import type { ImageModel } from "../../src/models/image-model.js";
import { resnet } from "../../src/models/resnet.js";
import { ModelError } from "../../src/models/shapes.js";
import { unet } from "../../src/models/unet.js";
import { crossEntropy } from "../../src/objectives/cross-entropy.js";
import { flowMatching } from "../../src/objectives/flow-matching.js";
import type { ImageObjective } from "../../src/objectives/image-objective.js";
import { imageTask } from "../../src/objectives/task.js";
import { adamw } from "../../src/optim/adamw.js";
import { layOut } from "../../src/optim/layout.js";
import { compileOptimizer } from "../../src/optim/update.js";
import { compileLoss } from "../../src/training/step.js";
import { initialiseAll } from "../../src/training/weights.js";

const shape = { batchSize: 4, channels: 1, height: 4, width: 4 };
const levels = { widthMultipliers: [1, 2], blocksPerLevel: 1, attentionAt: [2] };

/** Losses of training on one batch of noise: nothing in it can be guessed. */
async function train<Model extends ImageModel>(
  model: Model,
  objective: ImageObjective<Model>,
  steps: number,
): Promise<number[]> {
  const optimizer = adamw({ lr: 3e-3, weightDecay: 0 });
  const layout = layOut(model.parameters, optimizer);
  const flat = () => new Float32Array(layout.size);
  const state = { parameters: flat(), gradients: flat(), moments: { m: flat(), v: flat() } };
  initialiseAll(layout, state.parameters, 1);
  const session = { threads: 1, spin: false };
  const loss = await compileLoss(nodeRuntime, imageTask(model, shape, objective), layout, state, { session });
  const update = await compileOptimizer(nodeRuntime, optimizer, layout, state);
  const random = randomStream(2, "batch");
  const images = Float32Array.from({ length: 64 }, () => random.normal());
  const batch = objective.complete({ images, labels: Int32Array.of(0, 1, 2, 0) }, shape, random);
  const losses: number[] = [];
  for (let step = 1; step <= steps; step++) {
    losses.push((await loss.run(batch)).loss);
    await update.step({ step, gradientScale: Math.min(1, 1 / (await update.gradientNorm())) }, 1);
  }
  await loss.release();
  return losses;
}

describe("learning a batch by heart", () => {
  it("a U-Net", async () => {
    const model = unet({ ...shape, ...levels, baseWidth: 16, numClasses: 3, groups: 4 });
    const objective = flowMatching({ time: "uniform", classDropout: 0, numClasses: 3 });
    const losses = await train(model, objective, 80);
    // It starts by predicting zero: the loss is the variance of data minus noise, 2.
    expect(Math.abs(losses[0] - 2)).toBeLessThan(0.7);
    expect(losses.at(-1)).toBeLessThan(0.1);
  });

  it("a residual network", async () => {
    const encoder = resnet({ ...shape, baseWidth: 8, blocksPerStage: [1, 1], groups: 4 });
    const losses = await train(imageClassifier(encoder, 3), crossEntropy({ numClasses: 3 }), 60);
    expect(Math.abs(losses[0] - Math.log(3))).toBeLessThan(0.7);
    expect(losses.at(-1)).toBeLessThan(0.05);
  });
});

describe("sizes that do not fit are refused", () => {
  it("a U-Net whose levels do not halve the image, or whose groups do not divide a width", () => {
    const sizes = { ...shape, ...levels, baseWidth: 16, numClasses: 0 };
    expect(() => unet({ ...sizes, groups: 4, height: 5 })).toThrow(ModelError);
    expect(() => unet({ ...sizes })).toThrow(/groups does not divide/); // 32 by default
  });

  it("a residual network whose groups do not divide its width", () => {
    const sizes = { ...shape, baseWidth: 6, blocksPerStage: [1], groups: 4 };
    expect(() => resnet(sizes)).toThrow(ModelError);
  });
});
