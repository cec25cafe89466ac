/** A Conformer learns the labels of noise by heart. */
import { expect, it } from "vitest";
import type { Tensor } from "../../src/core/graph/tensor.js";
import { reshape } from "../../src/core/ops/movement.js";
import { randomStream } from "../../src/core/random.js";
import { nodeRuntime } from "../../src/core/runtime/node.js";
import { conformer } from "../../src/models/conformer.js";
import { speechRecogniser } from "../../src/models/speech-recogniser.js";
import { crossEntropyLoss } from "../../src/objectives/cross-entropy.js";
import type { Task } from "../../src/objectives/task.js";
import { adamw } from "../../src/optim/adamw.js";
import { layOut } from "../../src/optim/layout.js";
import { compileOptimizer } from "../../src/optim/update.js";
import { compileLoss, type LossOptions } from "../../src/training/step.js";
import { initialiseAll } from "../../src/training/weights.js";

const [recordings, frames, features, symbols] = [8, 12, 6, 5];
const sizes = {
  featureWidth: features,
  width: 24,
  numLayers: 2,
  numHeads: 2,
  hiddenWidth: 48,
  kernelSize: 5,
};
const model = speechRecogniser(conformer(sizes), symbols);

/** A label for every frame that is no padding. */
const task: Task = {
  batch: {
    features: { dtype: "float32", shape: [recordings, frames, features] },
    valid: { dtype: "float32", shape: [recordings, frames] },
    targets: { dtype: "float32", shape: [recordings * frames, symbols] },
  },
  loss(p, { features, valid, targets }) {
    const logits: Tensor = model.logits(p, features, { valid });
    return crossEntropyLoss(reshape(logits, targets.shape), targets);
  },
  parameters: model.parameters,
  ...{ unit: "recordings", unitsPerBatch: recordings, counts: "recordings", count: () => recordings },
};

/** Noise; the recordings end at different frames. */
function batch() {
  const random = randomStream(2, "noise");
  const valid = Float32Array.from({ length: recordings * frames }, (_, i) =>
    i % frames < frames - Math.floor(i / frames / 2) ? 1 : 0,
  );
  const targets = new Float32Array(valid.length * symbols);
  valid.forEach((counts, i) => {
    targets[i * symbols + random.integer(symbols)] = counts;
  });
  return {
    features: Float32Array.from({ length: valid.length * features }, () => random.normal()),
    valid,
    targets,
  };
}

/** Losses of so many steps. */
async function train(steps: number, options: LossOptions = {}): Promise<number[]> {
  const optimizer = adamw({ lr: 1e-2, weightDecay: 0 });
  const layout = layOut(model.parameters, optimizer);
  const flat = () => new Float32Array(layout.size);
  const state = { parameters: flat(), gradients: flat(), moments: { m: flat(), v: flat() } };
  initialiseAll(layout, state.parameters, 1);
  const session = { threads: 1, spin: false };
  const loss = await compileLoss(nodeRuntime, task, layout, state, { session, ...options });
  const update = await compileOptimizer(nodeRuntime, optimizer, layout, state);
  const losses: number[] = [];
  for (let step = 1; step <= steps; step++) {
    losses.push((await loss.run(batch())).loss);
    const gradientScale = Math.min(1, 1 / (await update.gradientNorm()));
    await update.step({ step, gradientScale }, Math.min(1, step / 10));
  }
  await loss.release();
  return losses;
}

it("names the labels of every frame", async () => {
  const losses = await train(60);
  expect(losses[0]).toBeGreaterThan(1.4); // ln 5 is 1.61
  expect(losses.at(-1)).toBeLessThan(0.05);
});

it("computes layers again with equal losses", async () => {
  const [kept, recomputed] = [await train(4), await train(4, { recomputeLayers: true })];
  recomputed.forEach((loss, i) => {
    expect(loss).toBeCloseTo(kept[i], 5); // float32, in another order
  });
});
