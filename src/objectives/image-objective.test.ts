/** What is evaluated is a mean over the set, whatever the batches are. */
import { describe, expect, it } from "vitest";
import { mul } from "../core/ops/elementwise.js";
import { reshape } from "../core/ops/movement.js";
import { randomStream } from "../core/random.js";
import { nodeRuntime } from "../core/runtime/node.js";
import { evaluationImages, type ImageExamples } from "../data/images/image-batches.js";
import { openExamples, writeExamples } from "../data/tables/examples.js";
import type { Batch } from "../data/training-data.js";
import { memoryFolder } from "../files/memory.js";
import type { Denoiser } from "../models/image-model.js";
import { maskedAutoencoder } from "../models/mae.js";
import { filled } from "../nn/parameter.js";
import { adamw } from "../optim/adamw.js";
import { layOut } from "../optim/layout.js";
import { evaluateLoss } from "../training/evaluate.js";
import { compileLoss } from "../training/step.js";
import { initialiseAll } from "../training/weights.js";
import { ddpm } from "./ddpm.js";
import { flowMatching } from "./flow-matching.js";
import { completeEach, evaluatedBatch, type ImageObjective } from "./image-objective.js";
import { maskedPatches } from "./masked-patches.js";
import { imageTask } from "./task.js";

const sizes = { channels: 3, height: 32, width: 32 };

/** One white image, then four as grey as bytes are, in turns a bit over and a bit under zero. */
async function whiteAndGrey(): Promise<ImageExamples> {
  const folder = memoryFolder();
  const grey = (i: number) => 127 + (i % 2);
  const records = Array.from({ length: 5 }, (_, image) => ({
    pixels: Uint8Array.from({ length: 3 * 32 * 32 }, (_, i) => (image === 0 ? 255 : grey(i))),
    label: Int32Array.of(-1),
  }));
  const fields = {
    pixels: { dtype: "uint8", shape: [3, 32, 32] },
    label: { dtype: "int32", shape: [] },
  } as const;
  await writeExamples(folder, fields, records);
  return openExamples(folder);
}

/** Predicts zero, as an untrained model does. */
const untrained = {
  ...sizes,
  numClasses: 0,
  parameters: [{ name: "zero", shape: [1], role: "vector", init: filled(0) }],
  config: () => ({}),
  predict: (p, x) => mul(x, reshape(p("zero"), [1, 1, 1, 1])),
} satisfies Denoiser as Denoiser;

async function evaluated<Model extends { parameters: Denoiser["parameters"] }>(
  model: Model,
  objective: ImageObjective<Model>,
  batchSize: number,
) {
  const shape = { ...sizes, batchSize };
  const images = await whiteAndGrey();
  async function* batches(): AsyncGenerator<Batch> {
    for await (const batch of evaluationImages(images, { batchSize })) {
      const random = (index: number) => randomStream(1, "validation", index);
      yield evaluatedBatch(completeEach(objective, batch, shape, random), batch);
    }
  }
  const layout = layOut(model.parameters, adamw({ lr: 1 }));
  const parameters = new Float32Array(layout.size);
  initialiseAll(layout, parameters, 1);
  const session = { threads: 1, spin: false };
  const task = imageTask(model as never, shape, objective);
  const compiled = await compileLoss(nodeRuntime, task, layout, { parameters }, { session });
  const result = await evaluateLoss(compiled, batches());
  await compiled.release();
  return result;
}

const noClasses = { classDropout: 0, numClasses: 0 };

describe("the loss over a validation set", () => {
  it("of flow matching by an untrained model is 1 + mean x^2", async () => {
    const objective = flowMatching({ time: "uniform", ...noClasses });
    const results = await Promise.all([1, 4, 16, 64].map((size) => evaluated(untrained, objective, size)));
    for (const { loss, counts } of results) {
      expect(counts).toEqual({ images: 5 });
      // The noise of 15,360 values: the mean of its square is 1 with a deviation of sqrt(2 / 15360) = 0.011.
      expect(Math.abs(loss - 1.2)).toBeLessThan(0.04);
      // The same noise by every batch size; float32 sums in another order.
      expect(loss).toBeCloseTo(results[0].loss, 5);
    }
  });

  it("of diffusion and of masked patches is the same for every batch size", async () => {
    const model = maskedAutoencoder({
      ...{ ...sizes, patchSize: 8, embedWidth: 16, numLayers: 1, numHeads: 2, mlpWidth: 16 },
      ...{ decoderWidth: 16, decoderLayers: 1, decoderHeads: 2 },
    });
    const masked = maskedPatches({ patchSize: 8, normalisePixels: false });
    const diffusion = ddpm({ schedule: "linear", ...noClasses });
    for (const losses of [
      await Promise.all([1, 2, 4, 16].map((size) => evaluated(untrained, diffusion, size))),
      await Promise.all([1, 2, 4, 16].map((size) => evaluated(model, masked, size))),
    ]) {
      for (const { loss } of losses) expect(loss / losses[0].loss).toBeCloseTo(1, 5);
    }
  });
});
