/**
 * What features learned without labels are worth when few images have one: a linear probe and fine-tuning of a
 * trained encoder against the same network from scratch, with the same images, on each of several seeds.
 *
 *   npx tsx recipes/few-labels/measure.ts runs/cifar10-mae --labels 1,10,100 --seeds 3 --images 2500
 *
 * Prints a Markdown table of the accuracy on the first held-out images, in percent: mean and standard deviation over
 * seeds. A seed chooses the labelled images, the order and the fresh weights.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { nodeRuntime } from "../../src/core/runtime/node.js";
import { evaluationImages } from "../../src/data/images/image-batches.js";
import { classifierAccuracy } from "../../src/evaluation/images/classifier-accuracy.js";
import { openFolder } from "../../src/files/disk.js";
import { resolveRecipe } from "../../src/modalities/find.js";
import type { ImageLearning } from "../../src/modalities/images/learning.js";
import type { ImageRecipe } from "../../src/modalities/images/recipe.js";
import { type Run, readRecipe, startRun } from "../../src/modalities/run.js";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    labels: { type: "string", default: "1,10,100" },
    seeds: { type: "string", default: "3" },
    images: { type: "string", default: "10000" },
  },
});
const [from] = positionals;
const pretrained = await readRecipe<ImageRecipe>(openFolder(from));

interface Way {
  readonly model: unknown;
  readonly lr: number;
  readonly weightDecay: number;
  readonly batchSize: number;
  /** With 100 labels a class; with fewer as the root of their number. */
  readonly steps: number;
}

const whole = { lr: 1e-3, weightDecay: 0.05, batchSize: 50 };
/** A probe's problem is convex, and bears large steps; from scratch there is more to learn than by fine-tuning. */
const ways: Record<string, Way> = {
  "linear probe": {
    model: { kind: "pretrained", from, linearProbe: true },
    lr: 0.1,
    weightDecay: 0,
    batchSize: 100,
    steps: 1000,
  },
  "fine-tuning": { model: { kind: "pretrained", from }, ...whole, steps: 400 },
  "from scratch": { model: scratch(pretrained), ...whole, steps: 1000 },
};

/** The encoder's shape, with fresh weights. */
function scratch({ model }: ImageRecipe) {
  if (model.kind !== "mae" && model.kind !== "vit") throw new Error(`${from} holds no vision transformer`);
  const { patchSize, embedWidth, numLayers, numHeads, mlpWidth } = model;
  const pooling = model.kind === "mae" ? "mean" : model.pooling;
  return { kind: "vit", patchSize, embedWidth, numLayers, numHeads, mlpWidth, pooling };
}

function recipeOf(
  { model, lr, weightDecay, batchSize, steps }: Way,
  labelsPerClass: number,
  seed: number,
): ImageRecipe {
  const taken = Math.round(steps * Math.min(1, Math.sqrt(labelsPerClass / 100)));
  const optimizer = {
    kind: "adamw",
    lr,
    betas: [0.9, 0.99],
    weightDecay,
    schedule: { kind: "cosine", warmupSteps: 20, finalFactor: 0.01 },
  };
  const loop = { batchSize: Math.min(batchSize, 10 * labelsPerClass), steps: taken, seed };
  const quiet = { evaluateEvery: taken, evaluationBatches: 1, checkpointEvery: taken };
  const recipe = {
    data: { format: "images", path: from, labelsPerClass },
    features: { kind: "pixels", augment: { crop: 4, flip: true } },
    model,
    objective: { kind: "crossEntropy", labelSmoothing: 0.1 },
    optimizer,
    training: { ...loop, ...quiet },
  };
  return resolveRecipe<ImageRecipe>(recipe, "few labels");
}

async function accuracyOf({ built, weights, images }: Run<ImageRecipe, ImageLearning>): Promise<number> {
  if (built.kind !== "classifier") throw new Error("not a classifier");
  const batches = firstImages(images.validation, Number(values.images));
  return 100 * (await classifierAccuracy(nodeRuntime, built.model, weights, batches)).accuracy;
}

async function* firstImages(split: Parameters<typeof evaluationImages>[0], most: number) {
  let left = Math.min(most, split.count);
  for await (const { images, labels } of evaluationImages(split, { batchSize: 100 })) {
    const count = Math.min(100, left);
    yield { images: images.subarray(0, (images.length / 100) * count), labels: labels.subarray(0, count) };
    left -= count;
    if (left === 0) return;
  }
}

async function measure(way: Way, labels: number, seed: number): Promise<number> {
  const folder = await mkdtemp(join(tmpdir(), "few-labels-"));
  try {
    const around = { runtime: nodeRuntime, openFolder, ahead: true };
    const run = await startRun(recipeOf(way, labels, seed), openFolder(folder), around);
    await run.train();
    return await accuracyOf(run);
  } finally {
    await rm(folder, { recursive: true });
  }
}

const mean = (numbers: readonly number[]) => numbers.reduce((sum, x) => sum + x, 0) / numbers.length;
const deviation = (numbers: readonly number[]) =>
  Math.sqrt(numbers.reduce((sum, x) => sum + (x - mean(numbers)) ** 2, 0) / Math.max(1, numbers.length - 1));

console.log(`| labels a class | ${Object.keys(ways).join(" | ")} |\n| --: | --: | --: | --: |`);
for (const labels of values.labels.split(",").map(Number)) {
  const cells: string[] = [];
  for (const [name, way] of Object.entries(ways)) {
    const found: number[] = [];
    for (let seed = 0; seed < Number(values.seeds); seed++) {
      found.push(await measure(way, labels, seed));
      console.error(`${name}, ${labels} labels a class, seed ${seed}: ${found.at(-1)!.toFixed(1)} %`);
    }
    cells.push(`${mean(found).toFixed(1)} ± ${deviation(found).toFixed(1)}`);
  }
  console.log(`| ${labels} | ${cells.join(" | ")} |`);
}
