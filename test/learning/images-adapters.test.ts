/** What decoders have, every transformer has: adapters beside its linear layers, and layers that are computed again. */
import { describe, expect, it } from "vitest";
import { fillNormal, randomStream } from "../../src/core/random.js";
import { nodeRuntime } from "../../src/core/runtime/node.js";
import { dit } from "../../src/models/dit.js";
import { imageClassifier } from "../../src/models/image-classifier.js";
import type { ImageModel } from "../../src/models/image-model.js";
import { maskedAutoencoder } from "../../src/models/mae.js";
import { vit } from "../../src/models/vit.js";
import { crossEntropy } from "../../src/objectives/cross-entropy.js";
import { flowMatching } from "../../src/objectives/flow-matching.js";
import type { ImageObjective } from "../../src/objectives/image-objective.js";
import { maskedPatches } from "../../src/objectives/masked-patches.js";
import { imageTask } from "../../src/objectives/task.js";
import { adamw } from "../../src/optim/adamw.js";
import { createTrainer, type TrainerOptions } from "../../src/training/trainer.js";
import { weightsOf } from "../../src/training/weights.js";

const batchSize = 4;
const image = { channels: 1, height: 8, width: 8 };
const shape = { ...image, batchSize };
const sizes = { ...image, patchSize: 4, embedWidth: 16, numLayers: 2, numHeads: 2 };
const images = new Float32Array(batchSize * 64);
fillNormal(images, randomStream(1, "images"), 0.5);
const labels = Int32Array.from({ length: batchSize }, (_, i) => i % 2);

function learning<M extends ImageModel>(model: M, objective: ImageObjective<M>) {
  const batch = objective.complete({ images, labels }, shape, randomStream(1, "objective"));
  return { task: imageTask(model, shape, objective), batch };
}

const decoder = { decoderWidth: 8, decoderLayers: 2, decoderHeads: 2 };
const networks = {
  dit: learning(
    dit({ ...sizes, numClasses: 2 }),
    flowMatching({ time: "uniform", classDropout: 0, numClasses: 2 }),
  ),
  vit: learning(imageClassifier(vit({ ...sizes, mlpWidth: 32 }), 2), crossEntropy({ numClasses: 2 })),
  mae: learning(
    maskedAutoencoder({ ...sizes, ...decoder, mlpWidth: 32 }),
    maskedPatches({ patchSize: 4, maskRatio: 0.5 }),
  ),
};

/** Losses of some steps on one batch, and the trainer. */
async function train(name: keyof typeof networks, steps: number, options: Partial<TrainerOptions> = {}) {
  const { task, batch } = networks[name];
  const session = { threads: 1 };
  const base = {
    runtime: nodeRuntime,
    task,
    optimizer: adamw({ lr: 1e-2, weightDecay: 0 }),
    seed: 1,
    session,
  };
  const trainer = await createTrainer({ ...base, ...options });
  const losses: number[] = [];
  for (let step = 0; step < steps; step++) losses.push((await trainer.step(async () => batch, step, 1)).loss);
  return { losses, trainer };
}

describe.each(["dit", "vit", "mae"] as const)("%s", (name) => {
  it("learns the same with layers that are computed again", async () => {
    const [kept, again] = [await train(name, 3), await train(name, 3, { recomputeLayers: true })];
    // The same operators in another order of their sums.
    for (const [step, loss] of again.losses.entries()) expect(loss).toBeCloseTo(kept.losses[step], 5);
  });

  it("learns by an adapter alone, and leaves the weights beside it as they are", async () => {
    const { trainer: before } = await train(name, 3);
    const pretrained = weightsOf(before.layout, before.weights.slice());
    const copy = new Map([...pretrained].map(([key, { data }]) => [key, data.slice()]));
    const lora = { rank: 4, alpha: 8 };
    const { losses, trainer } = await train(name, 30, { pretrained, lora });
    expect(trainer.layout.slots.every(({ parameter }) => /lora_[AB]/.test(parameter.name))).toBe(true);
    expect(losses.at(-1)).toBeLessThan(0.9 * losses[0]);
    for (const [key, data] of copy) expect(pretrained.get(key)!.data).toEqual(data);
    const moved = weightsOf(trainer.layout, trainer.weights);
    for (const [key, { data }] of moved)
      if (key.includes("lora_B"))
        expect(
          data.some((x) => x !== 0),
          key,
        ).toBe(true);
  });
});

it("a fresh classifier is trained beside an adapter of its encoder", async () => {
  const { trainer: before } = await train("vit", 5);
  const all = weightsOf(before.layout, before.weights);
  const pretrained = new Map([...all].filter(([name]) => !name.startsWith("classifier.")));
  const trains = ({ name }: { name: string }) => name.startsWith("classifier.");
  const { losses, trainer } = await train("vit", 40, { pretrained, trains, lora: { rank: 2, alpha: 4 } });
  const names = trainer.layout.slots.map(({ parameter }) => parameter.name);
  expect(names).toEqual(expect.arrayContaining(["classifier.weight", "classifier.bias"]));
  expect(names.filter((name) => name.startsWith("vit.")).every((name) => name.includes("lora_"))).toBe(true);
  expect(losses.at(-1)).toBeLessThan(0.5 * losses[0]);
});
