/** A model of images as a Hugging Face folder: config.json, model.safetensors, preprocessor_config.json. */
import { z } from "zod";
import type { Folder } from "../files/folder.js";
import type { ImageModel } from "../models/image-model.js";
import { CheckpointError } from "./errors.js";
import { jsonText, readJson } from "./folder-files.js";
import { type ImageModelKind, imageModelFromConfig } from "./image-config.js";
import { type Checkpoint, locateModel, take } from "./model-folder.js";
import { readParameters } from "./model-weights.js";
import { type NamedArray, writeSafetensors } from "./safetensors.js";
import { openWeights, weightsFile } from "./sharded.js";

const configFile = "config.json";

/** What is told of a model beside its weights. */
export interface ImageModelNotes {
  /** Names of the classes, in the order of their numbers. */
  readonly classes: readonly string[];
  /** What a denoiser predicts, as its recipe's objective says it. */
  readonly objective: Readonly<Record<string, unknown>>;
  /** How it draws, or finds, where nobody says otherwise. */
  readonly generation: Readonly<Record<string, unknown>>;
}

/** A model of images as its folder holds it. */
export type SavedImageModel = ImageModelKind &
  ImageModelNotes & { readonly weights: ReadonlyMap<string, NamedArray> };

const notes = z.object({
  id2label: z.record(z.string(), z.string()).default({}),
  objective: z.record(z.string(), z.unknown()).default({}),
  generation: z.record(z.string(), z.unknown()).default({}),
});

/** Writes the folder; a ViT's opens in Hugging Face Transformers. Throws `CheckpointError` for a missing parameter. */
export async function saveImageModel(
  folder: Folder,
  model: ImageModel,
  weights: ReadonlyMap<string, NamedArray>,
  { classes, objective, generation }: ImageModelNotes,
): Promise<void> {
  const labels = {
    id2label: Object.fromEntries(classes.map((name, i) => [i, name])),
    label2id: Object.fromEntries(classes.map((name, i) => [name, i])),
  };
  const config = { ...model.config(), ...(classes.length > 0 ? labels : {}), objective, generation };
  await folder.write(configFile, jsonText(config));
  await folder.write("preprocessor_config.json", jsonText(preprocessing(model)));
  const parameters = model.parameters.map(({ name, shape }) => [name, take(weights, name, shape)] as const);
  await writeSafetensors(folder, weightsFile, new Map(parameters));
}

/**
 * How Hugging Face's image processors make of a picture what the model reads: values from -1 to 1. Pictures for a detector
 * are seldom of its size; Lanczos' filter (1) resizes them as here, where the bilinear one (2) passes over pixels in
 * `@huggingface/transformers`. [transformers.js, utils/image.js: resize]
 */
function preprocessing(model: ImageModel): object {
  const { channels, height, width } = model;
  const half = Array<number>(channels).fill(0.5);
  const isDetector = "maps" in model;
  return {
    ...(isDetector
      ? { image_processor_type: "YolosImageProcessor", resample: 1, do_pad: false }
      : { image_processor_type: "ViTImageProcessor", resample: 2 }),
    do_resize: true,
    size: { height, width },
    do_rescale: true,
    rescale_factor: 1 / 255,
    do_normalize: true,
    image_mean: half,
    image_std: half,
  };
}

/**
 * Reads a model folder, or a run's checkpoint. Throws `CheckpointError` for what is damaged,
 * missing, or no model of images.
 */
export async function openImageModel(folder: Folder, which: Checkpoint = "latest"): Promise<SavedImageModel> {
  const place = await locateModel(folder, which);
  const source = `${place.location}/${configFile}`;
  const config = await readJson(place, configFile);
  const opened = imageModelFromConfig(config, source);
  const weights = await readParameters(await openWeights(place), opened.model, place.location);
  const read = notes.safeParse(config);
  if (!read.success) {
    throw new CheckpointError(
      "a field of the model's config does not fit",
      `${read.error.issues[0].path.join(".")} in ${source} (${read.error.issues[0].message})`,
      "restore config.json from a copy",
    );
  }
  const { id2label, ...rest } = read.data;
  const classes = Object.keys(id2label).map((_, i) => id2label[i]);
  return { ...opened, ...rest, classes, weights };
}
