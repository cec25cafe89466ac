/** What models of images are measured with: images, samples, and a judge. */
import { dimensionsOf, isSameShape } from "../../../data/images/image.js";
import { EvaluationError } from "../../../evaluation/errors.js";
import { openEncoderFeatures } from "../../../evaluation/images/encoder-features.js";
import type { FeatureExtractor } from "../../../evaluation/images/features.js";
import { openOnnxFeatures } from "../../../evaluation/images/onnx-features.js";
import { compileDenoiser } from "../../../generation/images/denoiser-session.js";
import { sampleImages } from "../../../generation/images/sample.js";
import { encoderOf } from "../../../interop/image-config.js";
import { openImageModel, type SavedImageModel } from "../../../interop/image-folder.js";
import { finderOf, type Surroundings } from "../../modality.js";
import { optionsOf } from "../kinds/draw.js";
import type { PreparedImages } from "../prepared.js";
import { batchSize } from "./batches.js";
import type { MeasureFlags } from "./options.js";

/** A model, the images that it is measured on, and what else the flags say. */
export interface Subject {
  /** As it was named. */
  readonly name: string;
  readonly saved: SavedImageModel;
  readonly images: PreparedImages;
  readonly flags: MeasureFlags;
  readonly around: Surroundings;
}

/** The split that the flags name. */
export const referenceOf = ({ images, flags }: Subject) =>
  flags.reference === "train" ? images.train : images.validation;

/** Samples of all classes in turns, drawn as `generate` draws them. */
export async function drawSamples({ saved, flags, around }: Subject) {
  if (saved.kind !== "denoiser") throw new Error(`a ${saved.kind} has no measure of samples`);
  const { samples: count = 1000, seed = 0, guidance, guidanceFrom, guidanceUntil, steps, solver } = flags;
  const how = { guidance, guidanceFrom, guidanceUntil, steps, solver };
  const options = await optionsOf(saved, { count, seed, ...how });
  const session = await compileDenoiser(around.runtime, saved.model, saved.weights);
  const onStep = (_x: Float32Array, _t: number, first: number) =>
    around.onProgress?.("samples", first, count);
  const pixels = await sampleImages(session, { ...options, batchSize, onStep });
  await session.release();
  return { pixels, labels: options.labels ?? [], count };
}

/** Of the model that `--features` names; by default a classifier in runs/ that learned the same classes. */
export async function openFeatures(subject: Subject): Promise<FeatureExtractor> {
  const { images, flags, around } = subject;
  if (flags.features?.endsWith(".onnx")) {
    const network = await readNetwork(flags.features, around);
    const options = { source: flags.features, shape: images.shape };
    return openOnnxFeatures(around.runtime, network, options);
  }
  const judge = await openJudge(subject);
  const encoder = encoderOf(judge.saved);
  if (encoder) {
    return openEncoderFeatures(around.runtime, encoder, judge.saved.weights, { source: judge.name });
  }
  throw new EvaluationError("the model has no features", judge.name, "give a classifier with --features");
}

async function readNetwork(path: string, { openFolder }: Surroundings): Promise<Uint8Array<ArrayBuffer>> {
  const [, folder = ".", file] = /^(?:(.*)[\\/])?([^\\/]+)$/.exec(path)!;
  try {
    return new Uint8Array(await openFolder(folder || "/").read(file));
  } catch (cause) {
    throw new EvaluationError(
      "the network of the features cannot be read",
      (cause as Error).message,
      "give --features the path of an .onnx file, or a run",
      { cause },
    );
  }
}

/** The model by which images are compared. Throws `EvaluationError` where it reads images of another shape. */
export async function openJudge({ images, flags, around }: Subject) {
  const name = flags.features ?? (await findJudge(images, around));
  if (name === undefined) {
    throw new EvaluationError(
      "samples are measured by the features of a classifier, and there is none",
      "no run in runs/ learned the same classes from images of this shape",
      "train one on the same images, of the same size, by the recipe cifar10-classifier, and give it with --features; or use --metric neighbours, which needs none",
    );
  }
  const saved = await openImageModel((await finderOf(around)(name)).folder);
  if (isSameShape(saved.model, images.shape)) return { name, saved };
  throw new EvaluationError(
    "the features are of images of another shape",
    `[${dimensionsOf(saved.model)}] in ${name}, [${dimensionsOf(images.shape)}] here`,
    "give --features a model of images of this shape, or an .onnx file, for which images are resized",
  );
}

async function findJudge(
  { classes, shape }: PreparedImages,
  { openFolder }: Surroundings,
): Promise<string | undefined> {
  const runs = await openFolder("runs")
    .list("")
    .catch(() => []);
  for (const name of runs.toSorted()) {
    const path = `runs/${name}`;
    const saved = await openImageModel(openFolder(path)).catch(() => undefined);
    if (saved?.kind !== "classifier" || !isSameShape(saved.model, shape)) continue;
    if (String(saved.classes) === String(classes)) return path;
  }
  return undefined;
}
