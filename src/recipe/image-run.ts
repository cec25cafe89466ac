/** A run on images: folder, recipe, prepared images, model, trainer. */

import { dimensionsOf, isSameShape } from "../data/images/image.js";
import { type ImageSource, openImages } from "../data/images/open-images.js";
import { type Prefetch, prefetch } from "../data/prefetch/prefetch.js";
import type { TrainingData } from "../data/text/batches.js";
import { ShardError } from "../files/errors.js";
import type { Folder } from "../files/folder.js";
import type { ImageModelKind } from "../interop/image-config.js";
import { openImageModel, type SavedImageModel, saveImageModel } from "../interop/image-folder.js";
import { locateModel } from "../interop/model-folder.js";
import { scheduleFactor } from "../optim/schedule.js";
import { checkCheckpoint, readName } from "../training/checkpoint.js";
import { iterate, type LoopOptions, type Summary } from "../training/loop.js";
import { createTrainer, type Trainer } from "../training/trainer.js";
import { type Weights, weightsOf } from "../training/weights.js";
import { buildOptimizer } from "./build.js";
import { buildImages } from "./build-images.js";
import { checkDevice } from "./check-recipe.js";
import type { Surroundings } from "./data-kind.js";
import { RecipeError, RunError } from "./errors.js";
import type { BatchThreadOptions } from "./image-batch-thread.js";
import { imageBatches } from "./image-batches.js";
import { type ImageRecipe, isForImages, resolveImageRecipe } from "./image-recipe.js";
import { hasLabels, openImagesOf, type PreparedImages, trainedOn, writeImages } from "./prepare-images.js";
import { readSavedRecipe, requireEmpty, requireKept, writeRecipe } from "./run-folder.js";

/** A run of a model of images: its folder and what stands behind it. */
export interface ImageRun {
  readonly recipe: ImageRecipe;
  readonly folder: Folder;
  readonly images: PreparedImages;
  readonly built: ImageModelKind;
  readonly trainer: Trainer;
  /** All of the model, trained or not. */
  readonly weights: Weights;
  readonly data: TrainingData;
  /** In all. */
  readonly steps: number;
  /** Trains to the end, or on from the latest checkpoint. */
  train(callbacks?: Pick<LoopOptions, "signal" | "onStep" | "onEvaluation">): Promise<Summary>;
}

/**
 * Starts a run in an empty folder. What goes wrong before training leaves the folder empty; a run that is stopped
 * later `resumeImageRun` takes up. Throws `RunError` for a folder in use, and what reading the images throws.
 */
export async function startImageRun(
  recipe: ImageRecipe,
  folder: Folder,
  around: Surroundings,
): Promise<ImageRun> {
  await requireEmpty(folder);
  if (recipe.training.device !== "cpu") await checkDevice(around.runtime, recipe.training.device);
  const base = await openBase(recipe, around);
  const path = pathOf(recipe, base);
  const source = around.openFolder(path);
  const prepared = await preparedIn(source, around);
  const noted = withPlaces(recipe, prepared ? source.location : path, base);
  try {
    // First: with it a run that is killed while images are written can be resumed.
    await writeRecipe(noted, folder);
    const images = prepared ?? (await writeSource(noted, folder));
    const run = await assemble(noted, folder, around, images, base?.saved);
    // What does not go together shows in the first batches.
    await run.data.training(0);
    for await (const _ of run.data.validation(1));
    return run;
  } catch (error) {
    for (const name of ["recipe.json", "data"]) await folder.remove(name).catch(() => {});
    throw error;
  }
}

/** Opens a run to continue it; `change` may alter its recipe, apart from data, features and model. */
export async function resumeImageRun(
  folder: Folder,
  around: Surroundings,
  change: (recipe: ImageRecipe) => ImageRecipe = (recipe) => recipe,
): Promise<ImageRun> {
  const saved = await readImageRecipe(folder);
  const recipe = change(saved);
  requireKept(saved, recipe, folder);
  const base = await openBase(recipe, around);
  const images = await imagesOfRun(recipe, folder, around);
  const run = await assemble(recipe, folder, around, images, base?.saved);
  await checkCheckpoint(folder, run.trainer.layout, run.trainer.arrays);
  if (recipe !== saved) await writeRecipe(recipe, folder);
  return run;
}

/** The resolved recipe that the run of a model of images keeps. */
export async function readImageRecipe(folder: Folder): Promise<ImageRecipe> {
  return resolveImageRecipe(await readSavedRecipe(folder), `${folder.location}/recipe.json`);
}

/** The images that a run learns from. Where a kill left them incomplete they are made again, before training. */
export async function imagesOfRun(
  recipe: ImageRecipe,
  folder: Folder,
  around: Pick<Surroundings, "openFolder">,
): Promise<PreparedImages> {
  const prepared = await preparedIn(around.openFolder(recipe.data.path!), around);
  if (prepared) return prepared;
  try {
    return await openImagesOf(folder.folder("data"));
  } catch (error) {
    if (!(error instanceof ShardError)) throw error;
    if ((await readName(folder, "latest")) === undefined) return writeSource(recipe, folder);
    throw new RunError(
      "the images that a run learns from cannot be read",
      `${error.what} ${error.values}`,
      "restore the run's data/ from a copy, or start a new run",
      { cause: error },
    );
  }
}

interface Base {
  readonly saved: SavedImageModel;
  /** Of the checkpoint. */
  readonly folder: string;
  /** The run that it was trained in, if it was. */
  readonly run: string;
}

async function openBase({ model }: ImageRecipe, { openFolder }: Surroundings): Promise<Base | undefined> {
  if (model.kind !== "pretrained") return undefined;
  const place = await locateModel(openFolder(model.folder ?? model.from));
  return { saved: await openImageModel(place), folder: place.location, run: model.from };
}

/** Where a recipe's images are: where it says, or with its pretrained model. */
function pathOf({ data }: ImageRecipe, base: Base | undefined): string {
  const path = data.path ?? base?.run;
  if (path !== undefined) return path;
  throw new RecipeError(
    "there are no images to learn from",
    "data.path is missing",
    "give --data.path: an archive, a folder of pictures, IDX files, or cifar10",
  );
}

/** The recipe with the places of its images and of its pretrained model. */
function withPlaces(recipe: ImageRecipe, path: string, base: Base | undefined): ImageRecipe {
  const { data, model } = recipe;
  const noted = base && model.kind === "pretrained" ? { ...model, folder: base.folder } : model;
  return { ...recipe, data: { ...data, path }, model: noted };
}

/** The images of the run in a folder, its own or those of the run that it took them from; none for other folders. */
async function preparedIn(
  folder: Folder,
  { openFolder }: Pick<Surroundings, "openFolder">,
): Promise<PreparedImages | undefined> {
  if ((await folder.size("recipe.json").catch(() => undefined)) === undefined) return undefined;
  if (!isForImages(await readSavedRecipe(folder))) return undefined;
  const { data } = await readImageRecipe(folder);
  try {
    return await openImagesOf(folder.folder("data"));
  } catch (error) {
    const other = data.path === undefined ? undefined : openFolder(data.path);
    const found = other && other.location !== folder.location && (await preparedIn(other, { openFolder }));
    if (error instanceof ShardError && found) return found;
    throw error;
  }
}

async function writeSource(recipe: ImageRecipe, folder: Folder): Promise<PreparedImages> {
  const { data, features } = recipe;
  const source: ImageSource = await openImages({
    path: data.path!,
    size: features.size === undefined ? undefined : { height: features.size, width: features.size },
    channels: features.channels,
    onCorrupt: data.onCorrupt,
  });
  await writeImages(source, recipe, folder.folder("data"));
  return openImagesOf(folder.folder("data"));
}

/** Throws `RecipeError` for images that a recipe asks for otherwise, or that are too few, or have no labels to learn. */
async function checkImages(recipe: ImageRecipe, all: PreparedImages, { train }: PreparedImages) {
  const { features, objective, training } = recipe;
  const { channels = all.shape.channels, size } = features;
  const asked = { channels, height: size ?? all.shape.height, width: size ?? all.shape.width };
  if (!isSameShape(asked, all.shape)) {
    throw new RecipeError(
      "the images of a run are of another shape than the recipe asks for",
      `[${dimensionsOf(all.shape)}] in ${all.location}, [${dimensionsOf(asked)}] by the recipe`,
      "leave features.size and features.channels out, or give the pictures themselves as data.path",
    );
  }
  if (train.count < training.batchSize) {
    throw new RecipeError(
      "there are fewer images than a batch holds",
      `${train.count} to learn from, training.batchSize ${training.batchSize}`,
      "give more images, or lower training.batchSize",
    );
  }
  if (objective.kind !== "crossEntropy") return;
  for (const [name, split] of Object.entries({ "learn from": train, "validate with": all.validation })) {
    if (await hasLabels(split)) continue;
    throw new RecipeError(
      "telling classes apart takes images with a class",
      `none of the ${split.count} to ${name} has one`,
      "put the pictures of each class into a folder of its name, in train/ and in test/",
    );
  }
}

async function assemble(
  recipe: ImageRecipe,
  folder: Folder,
  { runtime, ahead = false }: Surroundings,
  all: PreparedImages,
  base: SavedImageModel | undefined,
): Promise<ImageRun> {
  const { model, optimizer, training, objective, generation } = recipe;
  const { classes, shape } = all;
  const images = await trainedOn(all, recipe);
  await checkImages(recipe, all, images);
  const steps = stepsOf(recipe, images);
  scheduleFactor(optimizer.schedule, 0, steps);
  const { built, task } = buildImages(recipe, shape, classes.length, base);
  const probes = model.kind === "pretrained" && model.linearProbe;
  const trainer = await createTrainer({
    runtime,
    task: task({ ...shape, batchSize: training.batchSize }),
    optimizer: buildOptimizer(optimizer),
    pretrained: base && encoderWeights(base, built),
    trains: probes ? ({ name }) => name.startsWith("classifier.") : undefined,
    microBatches: training.microBatches,
    seed: training.seed,
    clipNorm: optimizer.clipNorm,
    averageDecay: optimizer.averageDecay,
    session: { device: training.device, threads: training.threads },
  });
  const weights = new Map([...(trainer.frozen ?? []), ...weightsOf(trainer.layout, trainer.weights)]);
  const batches = imageBatches(images, recipe);
  return {
    recipe,
    folder,
    images,
    built,
    trainer,
    weights,
    data: batches,
    steps,
    async train(callbacks = {}) {
      const thread = ahead ? startBatches({ location: images.location, recipe }) : undefined;
      const summary = iterate({
        ...training,
        ...callbacks,
        steps,
        data: thread ? { ...batches, training: (index) => thread.batch(index) } : batches,
        trainer,
        run: folder,
        schedule: optimizer.schedule,
        saveModel: (to) => saveImageModel(to, built.model, weights, { classes, objective, generation }),
      });
      return summary.finally(() => thread?.close());
    },
  };
}

function startBatches(options: BatchThreadOptions): Prefetch {
  const file = import.meta.url.endsWith(".ts") ? "./image-batch-thread.ts" : "./image-batch-thread.js";
  return prefetch(new URL(file, import.meta.url), options);
}

function stepsOf({ training }: ImageRecipe, { train }: PreparedImages): number {
  const { steps, epochs, batchSize, microBatches } = training;
  return steps ?? Math.max(1, Math.ceil((epochs! * train.count) / (batchSize * microBatches)));
}

/** Those of the pretrained weights that the new model has: its encoder's. */
function encoderWeights({ weights }: SavedImageModel, { kind, model }: ImageModelKind): Weights {
  const encoder = kind === "denoiser" ? [] : model.encoder.parameters;
  return new Map(encoder.map(({ name }) => [name, weights.get(name)!]));
}
