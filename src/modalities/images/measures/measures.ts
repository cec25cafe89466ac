/** The measures of `autodidact evaluate` for models of images, and what they print. */
import { resolve } from "node:path";
import { nodeRuntime } from "../../../core/runtime/node.js";
import { fromBytes, type ImageExamples } from "../../../data/images/image-batches.js";
import { encodePng } from "../../../data/images/write-images.js";
import { EvaluationError } from "../../../evaluation/errors.js";
import { classifierAccuracy } from "../../../evaluation/images/classifier-accuracy.js";
import { openEncoderFeatures } from "../../../evaluation/images/encoder-features.js";
import { type Features, featuresOf } from "../../../evaluation/images/features.js";
import { frechetDistance } from "../../../evaluation/images/frechet.js";
import { kernelDistance } from "../../../evaluation/images/kernel-distance.js";
import { kNearestAccuracy } from "../../../evaluation/images/nearest-accuracy.js";
import { nearestNeighbours } from "../../../evaluation/images/neighbours.js";
import { precisionRecall } from "../../../evaluation/images/precision-recall.js";
import { openFolder } from "../../../files/disk.js";
import { imageGrid } from "../../../generation/images/pictures.js";
import { encoderOf } from "../../../interop/image-config.js";
import { openImageModel } from "../../../interop/image-folder.js";
import { imagesOfRun, readImageRecipe } from "../prepare.js";
import {
  batchSize,
  chunks,
  drawing,
  drawSamples,
  type ImageMeasureFlags,
  type ImageMetric,
  labelledBatches,
  openFeatures,
  openJudge,
  pixelsOf,
  type Subject,
  wholeBatches,
} from "./subject.js";
import { checkPictureFile, writePicture } from "../../../cli/output-file.js";

/** A measure's figures, and the sentence that tells them. */
interface Measured {
  readonly figures: Readonly<Record<string, number | string>>;
  readonly text: string;
}

/** Beside how many samples their neighbours are shown. */
const shownNeighbours = 20;

const measures: Record<ImageMetric, (subject: Subject) => Promise<Measured>> = {
  fid: (subject) =>
    comparing(subject, async (real, drawn) => {
      const distance = await frechetDistance(nodeRuntime, real, drawn);
      return { figures: { frechetDistance: distance }, text: `Frechet distance ${distance.toFixed(2)}` };
    }),
  kid: (subject) =>
    comparing(subject, async (real, drawn) => {
      const { mean, std } = await kernelDistance(nodeRuntime, real, drawn, { seed: subject.flags.seed });
      return {
        figures: { kernelDistance: mean, std },
        text: `kernel distance ${mean.toFixed(5)} ± ${std.toFixed(5)}`,
      };
    }),
  "precision-recall": (subject) =>
    comparing(subject, async (real, generated) => {
      const { precision, recall } = await precisionRecall(nodeRuntime, {
        real: firstOf(real, generated.n),
        generated,
      });
      return {
        figures: { precision, recall },
        text: `precision ${precision.toFixed(3)}, recall ${recall.toFixed(3)}`,
      };
    }),
  accuracy,
  neighbours,
  knn,
};

/** `--metric`; without it the one that goes with the model. */
export async function measureImages(path: string, flags: ImageMeasureFlags): Promise<void> {
  const run = openFolder(resolve(path));
  const saved = await openImageModel(run, flags.checkpoint);
  const recipe = await readImageRecipe(run);
  const images = await imagesOfRun(recipe, run, { openFolder });
  const usual = {
    denoiser: "fid",
    classifier: "accuracy",
    maskedAutoencoder: "knn",
    contrastive: "knn",
  } as const;
  const metric = flags.metric ?? usual[saved.kind];
  const { figures, text } = await measures[metric]({ path, saved, images, flags });
  process.stdout.write(`${flags.json ? JSON.stringify({ metric, ...figures }) : text}\n`);
}

/** A measure between features of the reference images and of samples. */
async function comparing(
  subject: Subject,
  measure: (real: Features, drawn: Features) => Promise<Measured>,
): Promise<Measured> {
  const { images, flags } = subject;
  drawing(subject);
  const extractor = await openFeatures(subject);
  const { pixels } = await drawSamples(subject);
  const size = pixels.length / flags.samples;
  const drawn = await featuresOf(extractor, chunks(pixels, size * batchSize));
  const split = flags.reference === "train" ? images.train : images.validation;
  const real = await featuresOf(extractor, pixelsOf(wholeBatches(split)));
  const { figures, text } = await measure(real, drawn);
  return {
    figures: {
      ...figures,
      samples: drawn.n,
      reference: flags.reference,
      images: real.n,
      features: real.name,
    },
    text:
      `${text}: ${drawn.n} samples against ${real.n} images of the ${flags.reference} split, by ${real.name}; ` +
      "comparable only with numbers by the same features",
  };
}

const firstOf = (features: Features, n: number): Features =>
  features.n <= n ? features : { ...features, n, data: features.data.subarray(0, n * features.d) };

/** Of a classifier, on images held out; of a model that draws, how often a classifier sees the class asked for. */
async function accuracy(subject: Subject): Promise<Measured> {
  const { saved, images, flags, path } = subject;
  if (saved.kind === "classifier") {
    const split = flags.reference === "train" ? images.train : images.validation;
    const { accuracy, count } = await classifierAccuracy(
      nodeRuntime,
      saved.model,
      saved.weights,
      labelledBatches(split),
    );
    const measured = count.reduce((a, b) => a + b, 0);
    return {
      figures: { accuracy, images: measured, reference: flags.reference },
      text: `accuracy ${accuracy.toFixed(4)} on ${measured} images of the ${flags.reference} split`,
    };
  }
  drawing(subject);
  if (images.classes.length === 0) {
    throw new EvaluationError(
      "the model was asked for no class that a classifier could see",
      `${path} learned from images without classes`,
      "use another --metric, such as fid",
    );
  }
  const judge = await openJudge(subject);
  if (judge.saved.kind !== "classifier" || String(judge.saved.classes) !== String(images.classes)) {
    throw new EvaluationError(
      "the judge does not tell these classes apart",
      `${judge.saved.classes.join(", ") || "none"} in ${judge.path}; ${images.classes.join(", ")} here`,
      "give a classifier of the same classes with --features",
    );
  }
  const { pixels, labels } = await drawSamples(subject);
  const batch = { images: pixels, labels: Int32Array.from(labels, Number) };
  const found = await classifierAccuracy(nodeRuntime, judge.saved.model, judge.saved.weights, [batch]);
  return {
    figures: { accuracy: found.accuracy, samples: flags.samples, classifier: judge.path },
    text: `${judge.path} sees the class that was asked for in ${(100 * found.accuracy).toFixed(1)} % of ${flags.samples} samples of ${path}`,
  };
}

/** Samples beside the training images nearest to them by pixels: whether the model repeats what it has seen. */
async function neighbours(subject: Subject): Promise<Measured> {
  const { images, flags } = subject;
  if (flags.out) await checkPictureFile(flags.out, [".png"]);
  const { pixels } = await drawSamples(subject);
  const { channels, height, width } = images.shape;
  const d = channels * height * width;
  const drawn = { name: "pixels", data: pixels, n: flags.samples, d };
  const parts: Float32Array[] = [];
  for await (const part of pixelsOf(wholeBatches(images.train))) parts.push(part);
  const data = new Float32Array(images.train.count * d);
  let at = 0;
  for (const part of parts) {
    data.set(part, at);
    at += part.length;
  }
  const train = { name: "pixels", data, n: images.train.count, d };
  const { indices, squaredDistances } = await nearestNeighbours(nodeRuntime, drawn, train, 1);
  const distance = squaredDistances.reduce((sum, value) => sum + Math.sqrt(value / d), 0) / flags.samples;
  const nearest = Math.sqrt(squaredDistances.reduce((least, value) => Math.min(least, value)) / d);
  if (flags.out) await writePairs(flags.out, subject, pixels, indices);
  return {
    figures: { meanDistance: distance, smallestDistance: nearest, samples: flags.samples },
    text:
      `the nearest training image differs by ${distance.toFixed(3)} a pixel on average, ${nearest.toFixed(3)} at least ` +
      `(root mean square, values from -1 to 1)${flags.out ? `; beside each other in ${flags.out}` : ""}`,
  };
}

async function writePairs(out: string, { images }: Subject, pixels: Float32Array, indices: Int32Array) {
  const { channels, height, width } = images.shape;
  const d = channels * height * width;
  const shown = Math.min(shownNeighbours, indices.length);
  const found = await images.train.readBatch([...indices.subarray(0, shown)]);
  const both = new Float32Array(2 * shown * d);
  both.set(pixels.subarray(0, shown * d));
  both.set(fromBytes(found.pixels as Uint8Array), shown * d);
  const grid = imageGrid(both, images.shape, { columns: shown });
  await writePicture(out, await encodePng(grid.pixels, grid));
}

/** What nearest neighbours by an encoder's features say of images held out. */
async function knn({ path, saved, images }: Subject): Promise<Measured> {
  const encoder = encoderOf(saved);
  if (!encoder) {
    throw new EvaluationError(
      "the model has no features",
      path,
      "give a vit, resnet or mae, or another --metric",
    );
  }
  const extractor = await openEncoderFeatures(nodeRuntime, encoder, saved.weights, { source: path });
  const labelled = async (split: ImageExamples) => {
    const labels: number[] = [];
    for await (const batch of labelledBatches(split)) labels.push(...batch.labels);
    if (labels.length === 0) {
      throw new EvaluationError(
        "neighbours tell nothing without classes",
        `none of ${split.count} images has one`,
        "give a run on images with a class a folder",
      );
    }
    const features = await featuresOf(extractor, pixelsOf(labelledBatches(split)));
    return { features, labels: Int32Array.from(labels) };
  };
  const [train, test] = [await labelled(images.train), await labelled(images.validation)];
  const share = await kNearestAccuracy(nodeRuntime, train, test, { k: 20 });
  return {
    figures: { accuracy: share, k: 20, images: test.labels.length, features: test.features.name },
    text: `20 nearest neighbours tell the class of ${(100 * share).toFixed(1)} % of ${test.labels.length} images, by ${test.features.name}`,
  };
}
