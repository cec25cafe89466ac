/** What a run on detection learns: a model, prepared pictures, and what a checkpoint holds. */
import type { Runtime } from "../../core/runtime/session.js";
import { cutOutBoxes } from "../../data/detection/cut-outs.js";
import { type BoxSet, openBoxes } from "../../data/detection/open-boxes.js";
import { bestPoint, scoreCurve } from "../../evaluation/detection/score-curve.js";
import type { Folder } from "../../files/folder.js";
import { compileDetector } from "../../generation/detection/detector-session.js";
import { openImageModel, type SavedImageModel, saveImageModel } from "../../interop/image-folder.js";
import type { Detector } from "../../models/detector.js";
import type { Weights } from "../../nn/weights.js";
import { RecipeError } from "../../recipe/errors.js";
import { locateBase, stepsOf } from "../base.js";
import { batchesAhead } from "../batches-ahead.js";
import { type Learning, type Prepared, type Surroundings, watching } from "../modality.js";
import type { BatchThreadOptions } from "./batch-thread.js";
import { detectionBatches } from "./batches.js";
import { buildDetector } from "./build.js";
import { evenly, firstThreshold, foundIn } from "./found.js";
import { chosenOf, openPreparedDetection, type PreparedDetection, writeDetection } from "./prepared.js";
import type { DetectionRecipe } from "./recipe.js";
import { detectionSampler } from "./sample.js";

/** From so many held-out pictures the threshold is chosen. */
const mostForThreshold = 100;

/** Looks every picture and every box through. They are decoded while they are written. */
export async function prepareDetection(
  recipe: DetectionRecipe,
  around: Surroundings,
): Promise<Prepared<DetectionRecipe>> {
  const set = await openSet(recipe, around);
  requireBoxes(set, recipe);
  const { classes, splits } = chosenOf(set, recipe);
  requireBatch(splits.train?.length ?? 0, recipe);
  const { model, task } = buildDetector(recipe, classes.length);
  const base = await openBase(recipe, around);
  const start = base && { pretrained: weightsFor(model, base.saved, recipe.model.from!) };
  const noted = base ? { ...recipe, model: { ...recipe.model, folder: base.folder } } : recipe;
  return {
    ...{ recipe: noted, task, start },
    async write(data) {
      await writeDetection(set, noted, data, watching(around, "pictures decoded"));
      return { ...learningOf(noted, await openPreparedDetection(data), around), start };
    },
  };
}

/** What a run goes on with. */
export async function openRunDetection(
  recipe: DetectionRecipe,
  data: Folder,
  around: Surroundings,
): Promise<Learning> {
  return learningOf(recipe, await openPreparedDetection(data), around);
}

async function openSet({ data, features, training }: DetectionRecipe, around: Surroundings): Promise<BoxSet> {
  const { path, cutOuts, composites, onCorrupt, validationFraction } = data;
  if (path === undefined) throw noPictures();
  const { height, width } = features;
  const options = { validationFraction, seed: training.seed, size: { height, width } };
  const skipBad = onCorrupt === "skip";
  const set = await openBoxes({ ...watching(around, "pictures looked at"), ...options, path, skipBad });
  if (cutOuts === undefined) return set;
  const { train, validation, test = [] } = set.splits;
  const backgrounds = [...train, ...validation, ...test, ...set.unlabelled];
  const watched = watching(around, "cut-outs looked at");
  return cutOutBoxes({ ...watched, ...options, path: cutOuts, backgrounds, count: composites });
}

function noPictures(): RecipeError {
  return new RecipeError(
    "there are no pictures to learn from",
    "data.path is missing",
    "give --data.path: a folder of pictures with boxes in COCO's, Pascal VOC's, YOLO's or a table's form",
  );
}

function requireBoxes({ format, splits, unlabelled }: BoxSet, { objective }: DetectionRecipe): void {
  const count = splits.train.reduce(
    (sum, { boxes }) => sum + boxes.filter(({ ignored }) => !ignored).length,
    0,
  );
  if (objective.kind === "pasteAndLocate" || count > 0) return;
  throw new RecipeError(
    "pictures without boxes cannot teach what to find",
    format
      ? `no box in ${splits.train.length} pictures to learn from (${format})`
      : `${unlabelled.length} pictures, and nothing that describes boxes in them`,
    "give boxes as COCO JSON, Pascal VOC XML, YOLO text or CSV; or learn from pictures alone by the recipe detect-pretrain",
  );
}

function requireBatch(count: number, { training: { batchSize } }: DetectionRecipe): void {
  if (count >= batchSize) return;
  throw new RecipeError(
    "there are fewer pictures than a batch holds",
    `${count} to learn from, training.batchSize ${batchSize}`,
    `give more pictures, or set training.batchSize to ${count} or less`,
  );
}

async function openBase({ model }: DetectionRecipe, around: Surroundings) {
  const { from } = model;
  if (from === undefined) return undefined;
  const place = await locateBase({ ...model, from }, around);
  return { saved: await openImageModel(place), folder: place.location };
}

/** Those of a trained model's weights that the detector has; what is there for other classes starts fresh. */
function weightsFor(model: Detector, { kind, weights }: SavedImageModel, from: string): Weights {
  const shared = model.parameters.filter(({ name }) => weights.has(name));
  const isAlike = ({ name, shape }: (typeof shared)[number]) =>
    String(weights.get(name)!.shape) === String(shape);
  const other = shared.find((one) => !isAlike(one) && !one.name.includes(".cls_logits."));
  if (other) {
    throw new RecipeError(
      "the model has other sizes than the one that it starts from",
      `${other.name} is [${other.shape}] instead of [${weights.get(other.name)!.shape}] in ${from}`,
      "give features.height, features.width and the model's sizes as that run has them in its recipe.json",
    );
  }
  if (shared.length > 0) {
    return new Map(shared.filter(isAlike).map(({ name }) => [name, weights.get(name)!]));
  }
  throw new RecipeError(
    "a detector can take nothing over from the model",
    `${from} holds a ${kind} without a weight of its names`,
    "give a run of detect-pretrain or of detect, or for a vit one of a masked autoencoder",
  );
}

function learningOf(recipe: DetectionRecipe, prepared: PreparedDetection, around: Surroundings): Learning {
  const { objective, training } = recipe;
  const { classes, shape, train, validation, location } = prepared;
  requireBatch(train.pictures.length, recipe);
  const { model, task } = buildDetector(recipe, classes.length);
  const steps = stepsOf(training, train.pictures.length / training.batchSize);
  const numBatches = steps * training.microBatches;
  const batches = detectionBatches(prepared, recipe, numBatches);
  const learnsBoxes = objective.kind === "denseDetection";
  let threshold = recipe.generation.threshold ?? firstThreshold;
  return {
    ...{ task, steps },
    data: batchesAhead<BatchThreadOptions>(
      batches,
      import.meta.url,
      { location, recipe, numBatches },
      around,
    ),
    notes: prepared.notes,
    description: {
      model: recipe.model.kind,
      parameters: model.parameters.reduce((n, p) => n + p.shape.reduce((a, b) => a * b, 1), 0),
      details: [
        `${shape.channels} x ${shape.height} x ${shape.width}`,
        learnsBoxes ? `${classes.length} classes` : "things pasted",
      ],
      ...{ train: train.pictures.length, validation: validation.pictures.length, unit: "pictures" },
    },
    async save(to, { all }) {
      const { generation } = recipe;
      if (learnsBoxes && generation.threshold === undefined) {
        threshold = (await thresholdOn(prepared, model, all, around.runtime)) ?? firstThreshold;
      }
      await saveImageModel(to, model, all, { classes, objective, generation: { ...generation, threshold } });
    },
    sampler: learnsBoxes
      ? async (weights, { runtime }) => detectionSampler(runtime, model, weights, prepared, () => threshold)
      : undefined,
    next: (folder) =>
      learnsBoxes
        ? [`npx autodidact detect ${folder} photo.jpg --out drawn.png`, `npx autodidact evaluate ${folder}`]
        : [`npx autodidact train detect --model.from ${folder} --data.path cells`],
  };
}

/** The score from which on what is found in held-out pictures is best by F1. */
async function thresholdOn(
  { validation, classes }: PreparedDetection,
  model: Detector,
  weights: Weights,
  runtime: Runtime,
): Promise<number | undefined> {
  const numbers = evenly(validation.pictures.length, mostForThreshold);
  const session = await compileDetector(runtime, model, weights);
  const found = await foundIn(session, validation, numbers);
  await session.release();
  const truth = numbers.map((number) => validation.pictures[number].boxes);
  return bestPoint(scoreCurve(truth, found, { numClasses: classes.length }))?.score;
}
