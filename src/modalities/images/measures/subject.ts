/** What models of images are measured with: samples of them, images of their run, and a judge. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join, relative, resolve } from "node:path";
import { nodeRuntime } from "../../../core/runtime/node.js";
import { dimensionsOf, type ImageBatch, isSameShape } from "../../../data/images/image.js";
import { evaluationImages, type ImageExamples } from "../../../data/images/image-batches.js";
import { EvaluationError } from "../../../evaluation/errors.js";
import { openEncoderFeatures } from "../../../evaluation/images/encoder-features.js";
import type { FeatureExtractor } from "../../../evaluation/images/features.js";
import { openOnnxFeatures } from "../../../evaluation/images/onnx-features.js";
import { openFolder } from "../../../files/disk.js";
import { compileDenoiser } from "../../../generation/images/denoiser-session.js";
import { sampleImages } from "../../../generation/images/sample.js";
import type { Solver } from "../../../generation/images/solvers.js";
import { encoderOf } from "../../../interop/image-config.js";
import { openImageModel, type SavedImageModel } from "../../../interop/image-folder.js";
import type { Checkpoint } from "../../../interop/model-folder.js";
import type { PreparedImages } from "../prepared.js";
import { pathOf } from "../paths.js";

export const imageMetrics = ["fid", "kid", "precision-recall", "accuracy", "neighbours", "knn"] as const;
export type ImageMetric = (typeof imageMetrics)[number];

export interface ImageMeasureFlags {
  metric?: ImageMetric;
  reference: "train" | "test";
  features?: string;
  samples: number;
  guidance?: number;
  steps?: number;
  solver?: Solver;
  out?: string;
  seed: number;
  checkpoint: Checkpoint;
  json?: boolean;
}

/** A model, the images of its run, and what else the flags say. */
export interface Subject {
  readonly path: string;
  readonly saved: SavedImageModel;
  readonly images: PreparedImages;
  readonly flags: ImageMeasureFlags;
}

/** Images at a time. */
export const batchSize = 100;
export function* chunks(values: Float32Array, size: number): Generator<Float32Array> {
  for (let start = 0; start < values.length; start += size) yield values.subarray(start, start + size);
}

export async function* pixelsOf(batches: AsyncIterable<ImageBatch>): AsyncGenerator<Float32Array> {
  for await (const { images } of batches) yield images;
}

/** Without the images that fill up the last batch. */
export async function* wholeBatches(split: ImageExamples): AsyncGenerator<ImageBatch> {
  for await (const { images, labels, count } of evaluationImages(split, { batchSize })) {
    yield {
      images: images.subarray(0, (images.length / batchSize) * count),
      labels: labels.subarray(0, count),
    };
  }
}

/** `wholeBatches` without the images that have no class. */
export async function* labelledBatches(split: ImageExamples): AsyncGenerator<ImageBatch> {
  for await (const { images, labels } of wholeBatches(split)) {
    const size = images.length / labels.length;
    const known = [...labels.keys()].filter((i) => labels[i] >= 0);
    const kept = new Float32Array(known.length * size);
    known.forEach((i, to) => {
      kept.set(images.subarray(i * size, (i + 1) * size), to * size);
    });
    if (known.length > 0) yield { images: kept, labels: Int32Array.from(known, (i) => labels[i]) };
  }
}

/** The subject as a model that draws. Throws `EvaluationError` where it does not. */
export function drawing({ path, saved }: Subject) {
  if (saved.kind === "denoiser") return saved;
  throw new EvaluationError(
    "the model draws nothing that could be measured",
    `${path} holds a ${saved.kind}`,
    "give the run of a dit or unet, or another --metric",
  );
}

/** Samples of all classes in turns. Throws `EvaluationError` for a model that does not draw. */
export async function drawSamples(subject: Subject) {
  const { flags } = subject;
  const saved = drawing(subject);
  const { model, generation } = saved;
  const session = await compileDenoiser(nodeRuntime, model, saved.weights);
  const classes = model.numClasses;
  const labels = Array.from({ length: flags.samples }, (_, i) =>
    classes > 0 ? i % classes : ("none" as const),
  );
  const pixels = await sampleImages(session, {
    path: pathOf(saved.objective),
    count: flags.samples,
    labels,
    steps: flags.steps ?? (generation.steps as number | undefined) ?? 20,
    solver: flags.solver ?? (generation.solver as Solver | undefined) ?? "heun",
    guidance: flags.guidance ?? (generation.guidance as number | undefined) ?? 1,
    seed: flags.seed,
    batchSize,
  });
  await session.release();
  return { pixels, labels };
}

/** Of the model that `--features` names; by default a classifier in runs/ that learned the same classes. */
export async function openFeatures(subject: Subject): Promise<FeatureExtractor> {
  const { images, flags } = subject;
  if (flags.features?.endsWith(".onnx")) {
    return openOnnxFeatures(nodeRuntime, readNetwork(flags.features), {
      source: flags.features,
      shape: images.shape,
    });
  }
  const judge = await openJudge(subject);
  const encoder = encoderOf(judge.saved);
  if (encoder) return openEncoderFeatures(nodeRuntime, encoder, judge.saved.weights, { source: judge.path });
  throw new EvaluationError("the model has no features", judge.path, "give a classifier with --features");
}

function readNetwork(path: string): Uint8Array<ArrayBuffer> {
  try {
    return new Uint8Array(readFileSync(resolve(path)));
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
export async function openJudge({ images, flags }: Subject) {
  const path = flags.features ?? (await findJudge(images));
  if (path === undefined) {
    throw new EvaluationError(
      "samples are measured by the features of a classifier, and there is none",
      "no run in runs/ learned the same classes from images of this shape",
      "train one: autodidact train cifar10-classifier --data.path <the same images>; or give --features",
    );
  }
  const saved = await openImageModel(openFolder(resolve(path)));
  if (isSameShape(saved.model, images.shape)) return { path, saved };
  throw new EvaluationError(
    "the features are of images of another shape",
    `[${dimensionsOf(saved.model)}] in ${path}, [${dimensionsOf(images.shape)}] here`,
    "give --features a model of images of this shape, or an .onnx file, for which images are resized",
  );
}

async function findJudge({ classes, shape }: PreparedImages): Promise<string | undefined> {
  for (const name of existsSync("runs") ? readdirSync("runs").sort() : []) {
    const path = join("runs", name);
    const saved = await openImageModel(openFolder(resolve(path))).catch(() => undefined);
    if (saved?.kind !== "classifier" || !isSameShape(saved.model, shape)) continue;
    if (String(saved.classes) === String(classes)) return relative(".", path);
  }
  return undefined;
}
