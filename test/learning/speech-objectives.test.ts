/** A Conformer learns one batch by heart: what is said in it, without being told when, and what is hidden. */
import { expect, it } from "vitest";
import { fillNormal, randomStream } from "../../src/core/random.js";
import { nodeRuntime } from "../../src/core/runtime/node.js";
import { codePredictor } from "../../src/models/code-predictor.js";
import { conformer } from "../../src/models/conformer.js";
import type { SpeechModel } from "../../src/models/speech-encoder.js";
import { speechRecogniser } from "../../src/models/speech-recogniser.js";
import { bestRq } from "../../src/objectives/best-rq.js";
import { ctc } from "../../src/objectives/ctc.js";
import { randomProjectionQuantiser } from "../../src/objectives/random-projection-quantiser.js";
import type { SpeechBatch, SpeechObjective } from "../../src/objectives/speech-objective.js";
import { speechTask } from "../../src/objectives/task.js";
import { adamw } from "../../src/optim/adamw.js";
import { layOut } from "../../src/optim/layout.js";
import { compileOptimizer } from "../../src/optim/update.js";
import { compileLoss, type Losses } from "../../src/training/step.js";
import { initialiseAll } from "../../src/training/weights.js";

const shape = { batchSize: 5, frames: 24, featureWidth: 8, maxLabels: 6 };
const sizes = { featureWidth: 8, width: 32, numLayers: 2, numHeads: 2, hiddenWidth: 64, kernelSize: 5 };
const encoder = conformer(sizes);
const frames = [24, 24, 20, 16, 0];
const features = new Float32Array(shape.batchSize * shape.frames * shape.featureWidth);
fillNormal(features, randomStream(1, "features"), 1);

/** What is measured at the first step, and after the last one on the batch as it is evaluated. */
async function learn<Model extends SpeechModel>(
  model: Model,
  objective: SpeechObjective<Model>,
  batch: SpeechBatch,
  steps: number,
): Promise<[Losses, Losses]> {
  const task = speechTask(model, [shape], objective);
  const layout = layOut(model.parameters, adamw({ lr: 0.01, weightDecay: 0 }));
  const flat = () => new Float32Array(layout.size);
  const state = { parameters: flat(), gradients: flat(), moments: { m: flat(), v: flat() } };
  initialiseAll(layout, state.parameters, 1);
  const session = { threads: 1, spin: false };
  const loss = await compileLoss(nodeRuntime, task, layout, state, { session });
  const evaluation = await compileLoss(
    nodeRuntime,
    task,
    layout,
    { parameters: state.parameters },
    { session },
  );
  const update = await compileOptimizer(nodeRuntime, adamw({ lr: 0.01, weightDecay: 0 }), layout, state);
  const completed = (step: number) =>
    objective.complete(
      batch,
      shape,
      frames.map((_, row) => randomStream(1, `row ${row}`, step)),
    );
  const first = await evaluation.run(completed(0));
  for (let step = 0; step < steps; step++) {
    await loss.run(completed(step));
    const gradientScale = Math.min(1, 1 / (await update.gradientNorm()));
    await update.step({ step: step + 1, gradientScale }, 1 - step / steps);
  }
  const last = await evaluation.run(completed(0));
  for (const compiled of [loss, evaluation]) await compiled.release();
  return [first, last];
}

it("writes down what is said, with layers left out by chance", async () => {
  const objective = ctc({ vocabSize: 6, numLayers: 2, layerDrop: 0.1 });
  const labels = [[1, 2, 2, 3, 5, 4], [4, 4, 1], [5], [], []];
  const batch = { features, frames, labels };
  const [first, last] = await learn(speechRecogniser(encoder, 6), objective, batch, 250);
  expect(first.loss).toBeGreaterThan(5);
  expect(last.loss).toBeLessThan(0.1);
  // Peaks: ten labels in 84 frames.
  expect(last.metrics.blanks).toBeGreaterThan(0.6);
}, 20_000);

it("tells the codes of hidden frames from those around them", async () => {
  const options = { numCodes: 16, numCodebooks: 2 };
  const quantiser = randomProjectionQuantiser({ seed: 1, featureWidth: 8, ...options });
  const perRow = shape.frames * shape.featureWidth;
  const codes = frames.flatMap((_, row) => [
    ...quantiser.targets(features.subarray(row * perRow, (row + 1) * perRow)),
  ]);
  const objective = bestRq({ ...options, spanLength: 3, startProbability: 0.1, numLayers: 2 });
  const batch = { features, frames, codes: Uint16Array.from(codes) };
  const [first, last] = await learn(codePredictor(encoder, options), objective, batch, 200);
  expect(Math.abs(first.loss - Math.log(16))).toBeLessThan(0.5);
  expect(last.metrics.accuracy).toBeGreaterThan(2 * last.metrics.mostFrequent);
}, 20_000);
