/** A T5 learns one batch by heart: sequences of tokens written backwards. */
import { expect, it } from "vitest";
import { randomStream } from "../../src/core/random.js";
import { nodeRuntime } from "../../src/core/runtime/node.js";
import { t5 } from "../../src/models/t5.js";
import { sequenceToSequence } from "../../src/objectives/sequence-to-sequence.js";
import { sequenceTask } from "../../src/objectives/task.js";
import { adamw } from "../../src/optim/adamw.js";
import { layOut } from "../../src/optim/layout.js";
import { compileOptimizer } from "../../src/optim/update.js";
import { compileLoss } from "../../src/training/step.js";
import { initialiseAll } from "../../src/training/weights.js";

const vocabSize = 12;
const shape = { batchSize: 6, source: 7, target: 7 };
const model = t5({ vocabSize, width: 32, numLayers: 1, numHeads: 4, hiddenWidth: 64 });

/** The last one only fills the batch. */
const lengths = [6, 6, 5, 4, 3, 6];
const pairs = lengths.map((length, row) => {
  const random = randomStream(1, "tokens", row);
  const target = Array.from({ length }, () => 2 + random.integer(vocabSize - 2));
  return { source: [...target.toReversed(), 1], target };
});
const batch = { pairs, count: 5 };

it("writes sequences backwards, with smoothed labels and dropout", async () => {
  const steps = 250;
  const optimizer = adamw({ lr: 0.01, weightDecay: 0 });
  const { dropoutSites } = model;
  const objective = sequenceToSequence({
    ...{ padToken: 0, endToken: 1, dropoutSites },
    ...{ labelSmoothing: 0.1, dropout: 0.05 },
  });
  const task = sequenceTask(model, [shape], objective);
  const layout = layOut(model.parameters, optimizer);
  const flat = () => new Float32Array(layout.size);
  const state = { parameters: flat(), gradients: flat(), moments: { m: flat(), v: flat() } };
  initialiseAll(layout, state.parameters, 1);
  const options = { session: { threads: 1, spin: false } };
  const learned = await compileLoss(nodeRuntime, task, layout, state, options);
  const fixed = { parameters: state.parameters };
  const evaluated = await compileLoss(nodeRuntime, task, layout, fixed, options);
  const update = await compileOptimizer(nodeRuntime, optimizer, layout, state);
  const completed = (step: number) => {
    const streams = pairs.map((_, row) => randomStream(1, `row ${row}`, step));
    return objective.complete(batch, shape, streams);
  };
  const first = (await evaluated.run(completed(0))).loss;
  let smoothed = 0;
  for (let step = 0; step < steps; step++) {
    smoothed = (await learned.run(completed(step))).loss;
    const gradientScale = Math.min(1, 1 / (await update.gradientNorm()));
    await update.step({ step: step + 1, gradientScale }, 1 - step / steps);
  }
  const last = (await evaluated.run(completed(0))).loss;
  for (const compiled of [learned, evaluated]) await compiled.release();
  expect(Math.abs(first - Math.log(vocabSize))).toBeLessThan(0.5);
  // The least that a smoothed loss can be: the entropy of its labels.
  const [own, other] = [1 - 0.1 + 0.1 / vocabSize, 0.1 / vocabSize];
  const entropy = -own * Math.log(own) - (vocabSize - 1) * other * Math.log(other);
  expect(smoothed).toBeGreaterThan(entropy);
  expect(smoothed).toBeLessThan(entropy + 0.3);
  // Smoothed labels are told with a probability of `own`.
  expect(last).toBeLessThan(-Math.log(own) + 0.1);
}, 30_000);
