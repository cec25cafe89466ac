/** What a run on images learns: a model, prepared images, and what a checkpoint holds. */

import { dimensionsOf, type ImageShape, isSameShape } from "../../data/images/image.js";
import {
  type ImageSource,
  openImages,
  type PictureProblem,
  type SplitCounts,
} from "../../data/images/open-images.js";
import { ShardError } from "../../files/errors.js";
import type { Folder } from "../../files/folder.js";
import { mergeAdapter } from "../../interop/adapter.js";
import type { ImageModelKind } from "../../interop/image-config.js";
import { openImageModel, type SavedImageModel, saveImageModel } from "../../interop/image-folder.js";
import { locateModel } from "../../interop/model-folder.js";
import type { NamedArray } from "../../interop/safetensors.js";
import type { ImageModel } from "../../models/image-model.js";
import type { LoraConfig } from "../../nn/lora.js";
import type { Parameter } from "../../nn/parameter.js";
import type { Weights } from "../../nn/weights.js";
import { RecipeError } from "../../recipe/errors.js";
import { quoted } from "../../recipe/quoted.js";
import { checkedBy } from "../../recipe/resolve.js";
import { readSavedRecipe } from "../../recipe/run-folder.js";
import { batchesAhead } from "../batches-ahead.js";
import {
  finderOf,
  type Learning,
  type Prepared,
  type Surroundings,
  type Trained,
  watching,
} from "../modality.js";
import type { BatchThreadOptions } from "./batch-thread.js";
import { imageBatches } from "./batches.js";
import { buildImages } from "./build.js";
import { hasLabels, openPrepared, type PreparedImages, trainedOn, writeImages } from "./prepared.js";
import { type ImageRecipe, imageRecipeSchema } from "./recipe.js";
import { imageSampler } from "./sample.js";

export interface ImageLearning extends Learning {
  readonly images: PreparedImages;
  readonly built: ImageModelKind;
}

/** Opens the images and builds the model. The pictures themselves are decoded while they are written. */
export async function prepareImages(
  recipe: ImageRecipe,
  around: Surroundings,
): Promise<Prepared<ImageRecipe> & { write(data: Folder): Promise<ImageLearning> }> {
  const base = await openBase(recipe, around);
  const path = pathOf(recipe, base);
  const place = around.openFolder(path);
  const prepared = await preparedIn(place, around);
  const noted = withPlaces(recipe, prepared ? place.location : path, base);
  const source = prepared ?? (await openSource(noted, around));
  if (prepared) await checkImages(noted, prepared, await trainedOn(prepared, noted));
  const trained = trainedBy(noted, source, base?.saved);
  const write = async (data: Folder) => {
    const images = prepared ?? (await writeSource(source as ImageSource, noted, data, around));
    return learningOf(noted, trained, images, around);
  };
  return { recipe: noted, task: trained.task, start: trained.start, write };
}

/** What a run goes on with: its own images, or those of the run that it took them from. */
export async function openRunImages(
  recipe: ImageRecipe,
  data: Folder,
  around: Surroundings,
): Promise<ImageLearning> {
  const base = await openBase(recipe, around);
  const images = await imagesOf(recipe, data, around);
  return learningOf(recipe, trainedBy(recipe, images, base?.saved), images, around);
}

/** The images that a run with this recipe and `data/` learns from. Throws `ShardError` where they are not whole. */
export async function imagesOf(
  recipe: ImageRecipe,
  data: Folder,
  around: Pick<Surroundings, "openFolder">,
): Promise<PreparedImages> {
  return (await preparedIn(around.openFolder(recipe.data.path!), around)) ?? openPrepared(data);
}

interface Base {
  readonly saved: SavedImageModel;
  /** Of the checkpoint. */
  readonly folder: string;
  /** As the recipe names it. */
  readonly name: string;
  /** The run that it was trained in, if it was. */
  readonly run: string;
}

async function openBase({ model }: ImageRecipe, around: Surroundings): Promise<Base | undefined> {
  if (model.kind !== "pretrained") return undefined;
  const { folder, name } = model.folder
    ? { folder: around.openFolder(model.folder), name: model.from }
    : await finderOf(around)(model.from, model.revision);
  const place = await locateModel(folder);
  const saved = await openImageModel(place);
  return { saved, folder: place.location, name, run: model.folder ? model.from : folder.location };
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
  const saved = await readSavedRecipe(folder);
  if ((saved as { data?: { format?: unknown } }).data?.format !== "images") return undefined;
  const { data } = checkedBy(imageRecipeSchema, saved, `${folder.location}/recipe.json`);
  try {
    return await openPrepared(folder.folder("data"));
  } catch (error) {
    const other = data.path === undefined ? undefined : openFolder(data.path);
    const found = other && other.location !== folder.location && (await preparedIn(other, { openFolder }));
    if (error instanceof ShardError && found) return found;
    throw error;
  }
}

function openSource(recipe: ImageRecipe, around: Surroundings): Promise<ImageSource> {
  const { data, features } = recipe;
  return openImages({
    ...watching(around, "pictures looked at"),
    check: (counts) => tooFewFor(recipe, counts),
    path: data.path!,
    size: features.size === undefined ? undefined : { height: features.size, width: features.size },
    channels: features.channels,
    onCorrupt: data.skipBad ? "skip" : data.onCorrupt,
  });
}

async function writeSource(
  source: ImageSource,
  recipe: ImageRecipe,
  data: Folder,
  around: Surroundings,
): Promise<PreparedImages> {
  await writeImages(source, recipe, data, watching(around, "pictures decoded"));
  return openPrepared(data);
}

/** What is wrong with the numbers of images, where a batch holds more. */
function tooFewFor(
  { data, training }: ImageRecipe,
  { train, validation, test }: SplitCounts,
): PictureProblem[] {
  const hasHeldOut = (validation ?? test) !== undefined;
  const learned = hasHeldOut ? train : Math.max(1, Math.floor(train * (1 - data.validationFraction)));
  if (data.labelsPerClass !== undefined || learned >= training.batchSize) return [];
  return [
    {
      what: "there are fewer images than a batch holds",
      found: `${learned} to learn from, training.batchSize ${training.batchSize}`,
      advice: `give more images, or set training.batchSize to ${learned} or less`,
    },
  ];
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
      `give more images, or set training.batchSize to ${train.count} or less`,
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

interface TrainedImages extends Trained {
  readonly built: ImageModelKind;
  /** The adapter that is trained beside the pretrained weights, where one is. */
  readonly adapted?: LoraConfig;
}

function trainedBy(
  recipe: ImageRecipe,
  { shape, classes }: { readonly shape: ImageShape; readonly classes: readonly string[] },
  base: SavedImageModel | undefined,
): TrainedImages {
  const { model, training } = recipe;
  const { built, task } = buildImages(recipe, shape, classes.length, base);
  const isHead = ({ name }: Parameter) => name.startsWith("classifier.");
  const lora = model.kind === "pretrained" ? model.lora : undefined;
  const isPart = model.kind === "pretrained" && (model.linearProbe || lora !== undefined);
  const pretrained = base && weightsFor(base, built);
  return {
    built,
    task: task({ ...shape, batchSize: training.batchSize }),
    start: { pretrained, lora, trains: isPart ? isHead : undefined },
    adapted: lora,
  };
}

async function learningOf(
  recipe: ImageRecipe,
  { built, adapted, ...trained }: TrainedImages,
  all: PreparedImages,
  around: Surroundings,
): Promise<ImageLearning> {
  const { objective, generation } = recipe;
  const { classes, shape } = all;
  const images = await trainedOn(all, recipe);
  await checkImages(recipe, all, images);
  const { model } = built;
  const whole = (weights: Weights) => merged(model, weights, adapted);
  return {
    ...{ ...trained, built, images },
    steps: stepsOf(recipe, images),
    data: batchesAhead<BatchThreadOptions>(
      imageBatches(images, recipe),
      import.meta.url,
      { location: images.location, recipe },
      around,
    ),
    leftOut: leftOutOf(images),
    notes: images.isHeldOut
      ? undefined
      : ["too few images to hold some out: those that are learned from are validated with"],
    description: {
      model: recipe.model.kind === "pretrained" ? recipe.model.from : recipe.model.kind,
      parameters: model.parameters.reduce((n, p) => n + p.shape.reduce((a, b) => a * b, 1), 0),
      details: [`${shape.channels} x ${shape.height} x ${shape.width}`, `${classes.length} classes`],
      ...{ train: images.train.count, validation: images.validation.count, unit: "images" },
    },
    save: (to, { all }) => saveImageModel(to, model, whole(all), { classes, objective, generation }),
    sampler:
      built.kind === "denoiser"
        ? (weights, { runtime }) =>
            imageSampler(recipe, images, {
              runtime,
              model: built.model,
              weights: () => whole(weights),
              isLive: !adapted,
            })
        : undefined,
    next: (folder) => nextOf(built, classes, folder),
  };
}

function leftOutOf({ skipped, leftOut }: PreparedImages): string[] {
  const unread = `${skipped.length} that could not be read, such as ${skipped.slice(0, 3).join(", ")}`;
  return [...leftOut, ...(skipped.length > 0 ? [unread] : [])];
}

/** The whole model: an adapter added into the weights that it stands beside. */
function merged(model: ImageModel, weights: Weights, adapted: LoraConfig | undefined): Weights {
  if (!adapted) return weights;
  const isOwn = (name: string) => model.parameters.some((parameter) => parameter.name === name);
  const [own, adapter] = [new Map<string, NamedArray>(), new Map<string, NamedArray>()];
  for (const [name, array] of weights) (isOwn(name) ? own : adapter).set(name, array);
  return mergeAdapter(model, own, { lora: adapted, weights: adapter });
}

function stepsOf({ training }: ImageRecipe, { train }: PreparedImages): number {
  const { steps, epochs, batchSize, microBatches } = training;
  return steps ?? Math.max(1, Math.ceil((epochs! * train.count) / (batchSize * microBatches)));
}

/** Those of the pretrained weights that the new model has: all of a denoiser's, else its encoder's. */
function weightsFor({ weights }: SavedImageModel, { kind, model }: ImageModelKind): Weights {
  const parameters = kind === "denoiser" ? model.parameters : model.encoder.parameters;
  return new Map(parameters.map(({ name }) => [name, weights.get(name)!]));
}

function nextOf(built: ImageModelKind, [first]: readonly string[], folder: string): string[] {
  if (built.kind === "denoiser") {
    return [
      `npx autodidact generate ${folder}${first ? ` --class ${quoted(first)}` : ""} --count 36 --out samples.png`,
      `npx autodidact evaluate ${folder} --metric neighbours`,
    ];
  }
  if (built.kind === "classifier") return [`npx autodidact classify ${folder} photo.jpg --top 3`];
  return [`npx autodidact train image-probe --model.from ${folder}`];
}
