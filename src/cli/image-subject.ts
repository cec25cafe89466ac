/** What models of images are measured with: samples of them, images of their run, and a judge. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join, relative, resolve } from "node:path";
import { nodeRuntime } from "../core/runtime/node.js";
import { openFolder } from "../data/disk.js";
import type { ImageBatch } from "../data/images/image.js";
import { evaluationImages, type ImageExamples } from "../data/images/image-batches.js";
import { EvaluationError } from "../evaluation/errors.js";
import { openEncoderFeatures } from "../evaluation/images/encoder-features.js";
import type { FeatureExtractor } from "../evaluation/images/features.js";
import { openOnnxFeatures } from "../evaluation/images/onnx-features.js";
import { compileDenoiser } from "../generation/images/denoiser-session.js";
import { sampleImages } from "../generation/images/sample.js";
import type { Solver } from "../generation/images/solvers.js";
import { encoderOf } from "../interop/image-config.js";
import { openImageModel, type SavedImageModel } from "../interop/image-folder.js";
import type { Checkpoint } from "../interop/model-folder.js";
import type { PreparedImages } from "../recipe/prepare-images.js";
import { pathOf } from "./image-paths.js";

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

export async function* pixelsOf(split: ImageExamples): AsyncGenerator<Float32Array> {
  for await (const { images } of wholeBatches(split)) yield images;
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

/** Samples of all classes in turns. Throws `EvaluationError` for a model that does not draw. */
export async function drawSamples({ path, saved, flags }: Subject) {
  if (saved.kind !== "denoiser") {
    throw new EvaluationError(
      "the model draws nothing that could be measured",
      `${path} holds a ${saved.kind}`,
      "give the run of a dit or unet, or another --metric",
    );
  }
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
    const bytes = new Uint8Array(readFileSync(resolve(flags.features)));
    return openOnnxFeatures(nodeRuntime, bytes, { source: flags.features, shape: images.shape });
  }
  const judge = await openJudge(subject);
  const encoder = encoderOf(judge.saved);
  if (encoder) return openEncoderFeatures(nodeRuntime, encoder, judge.saved.weights, { source: judge.path });
  throw new EvaluationError("the model has no features", judge.path, "give a classifier with --features");
}

export async function openJudge({ images, flags }: Subject) {
  const path = flags.features ?? (await findJudge(images.classes));
  if (path) return { path, saved: await openImageModel(openFolder(resolve(path))) };
  throw new EvaluationError(
    "samples are measured by the features of a classifier, and there is none",
    "no run in runs/ learned the same classes",
    "train one: autodidact train cifar10-classifier --data.path <the same images>; or give --features",
  );
}

async function findJudge(classes: readonly string[]): Promise<string | undefined> {
  for (const name of existsSync("runs") ? readdirSync("runs").sort() : []) {
    const path = join("runs", name);
    const saved = await openImageModel(openFolder(resolve(path))).catch(() => undefined);
    if (saved?.kind === "classifier" && String(saved.classes) === String(classes)) return relative(".", path);
  }
  return undefined;
}
