/** The measures of models of images, and the sentences that tell of them. */
import type { ImageBatch } from "../../../data/images/image.js";
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
import { imageGrid } from "../../../generation/images/pictures.js";
import { encoderOf } from "../../../interop/image-config.js";
import type { SavedImageModel } from "../../../interop/image-folder.js";
import { mirroredClassifier } from "../../../models/mirrored-classifier.js";
import type { Named, Output, Surroundings } from "../../modality.js";
import { hasLabels } from "../prepared.js";
import { batchSize, chunks, labelledBatches, pixelsOf, wholeBatches } from "./batches.js";
import { imagesFor } from "./given-images.js";
import type { MeasureFlags, MeasureName } from "./options.js";
import { drawSamples, openFeatures, openJudge, referenceOf, type Subject } from "./subject.js";

/** A measure's figures, and the sentence that tells them. */
interface Measured {
  readonly figures: Readonly<Record<string, number | string>>;
  readonly text: string;
  /** A picture that shows it. */
  readonly shown?: Uint8Array;
}

/** Beside how many samples their neighbours are shown. */
const shownNeighbours = 20;

const measures: Record<MeasureName, (subject: Subject, isShown: boolean) => Promise<Measured>> = {
  fid: (subject) =>
    comparing(subject, async (real, drawn) => {
      const distance = await frechetDistance(subject.around.runtime, real, drawn);
      return { figures: { frechetDistance: distance }, text: `Frechet distance ${distance.toFixed(2)}` };
    }),
  kid: (subject) =>
    comparing(subject, async (real, drawn) => {
      const { flags, around } = subject;
      const { mean, std } = await kernelDistance(around.runtime, real, drawn, { seed: flags.seed ?? 0 });
      return {
        figures: { kernelDistance: mean, std },
        text: `kernel distance ${mean.toFixed(5)} ± ${std.toFixed(5)}`,
      };
    }),
  "precision-recall": (subject) =>
    comparing(subject, async (real, generated) => {
      const { precision, recall } = await precisionRecall(subject.around.runtime, {
        real: sampleOf(real, generated.n),
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

/** `isShown`: with a picture, where the measure has one. */
export async function* measureImages(
  metric: MeasureName,
  named: Named<SavedImageModel>,
  flags: MeasureFlags,
  around: Surroundings,
  isShown: boolean,
): AsyncGenerator<Output> {
  const images = await imagesFor(named, flags.data, around);
  const subject = { name: named.name, saved: await named.open(), images, flags, around };
  const { figures, text, shown } = await measures[metric](subject, isShown);
  if (shown) yield { kind: "file", name: `${metric}.png`, bytes: shown };
  yield { kind: "figures", figures: { metric, ...figures }, text };
}

/** A measure between features of the reference images and of samples. */
async function comparing(
  subject: Subject,
  measure: (real: Features, drawn: Features) => Promise<Measured>,
): Promise<Measured> {
  const { reference } = subject.flags;
  const extractor = await openFeatures(subject);
  const { pixels, count } = await drawSamples(subject);
  const size = pixels.length / count;
  const drawn = await featuresOf(extractor, chunks(pixels, size * batchSize));
  const real = await featuresOf(extractor, pixelsOf(wholeBatches(referenceOf(subject))));
  const { figures, text } = await measure(real, drawn);
  return {
    figures: { ...figures, samples: drawn.n, reference, images: real.n, features: real.name },
    text:
      `${text}: ${drawn.n} samples against ${real.n} images ${splitName(reference)}, by ${real.name}; ` +
      "comparable only with numbers by the same features",
  };
}

const splitName = (reference: MeasureFlags["reference"]) =>
  reference === "train" ? "that were learned from" : "held out";

/** So many rows at even distances: sets are often sorted by class. */
function sampleOf(features: Features, n: number): Features {
  const { d, data } = features;
  if (features.n <= n) return features;
  const sample = new Float32Array(n * d);
  for (let i = 0; i < n; i++) {
    const row = Math.floor(((i + 0.5) * features.n) / n);
    sample.set(data.subarray(row * d, (row + 1) * d), i * d);
  }
  return { ...features, n, data: sample };
}

/** Of a classifier, on images held out; of a model that draws, how often a classifier sees the class asked for. */
async function accuracy(subject: Subject): Promise<Measured> {
  const { saved, images, flags, name } = subject;
  if (saved.kind === "classifier") {
    const batches = labelledBatches(referenceOf(subject));
    const { accuracy, count } = await lookedAt(subject, saved, batches);
    const measured = count.reduce((a, b) => a + b, 0);
    return {
      figures: { accuracy, images: measured, reference: flags.reference },
      text: `accuracy ${accuracy.toFixed(4)} on ${measured} images ${splitName(flags.reference)}`,
    };
  }
  if (images.classes.length === 0) {
    throw new EvaluationError(
      "the model was asked for no class that a classifier could see",
      `${name} learned from images without classes`,
      "use another --metric, such as fid",
    );
  }
  const judge = await openJudge(subject);
  if (judge.saved.kind !== "classifier" || String(judge.saved.classes) !== String(images.classes)) {
    throw new EvaluationError(
      "the judge does not tell these classes apart",
      `${judge.saved.classes.join(", ") || "none"} in ${judge.name}; ${images.classes.join(", ")} here`,
      "give a classifier of the same classes with --features",
    );
  }
  const { pixels, labels, count } = await drawSamples(subject);
  const batch = { images: pixels, labels: Int32Array.from(labels, Number) };
  const found = await lookedAt(subject, judge.saved, [batch]);
  return {
    figures: { accuracy: found.accuracy, samples: count, classifier: judge.name },
    text: `${judge.name} sees the class that was asked for in ${(100 * found.accuracy).toFixed(1)} % of ${count} samples of ${name}`,
  };
}

/** What a classifier says of images, as the flags have it look at them. */
function lookedAt(
  { flags, around }: Subject,
  { model, weights }: Extract<SavedImageModel, { kind: "classifier" }>,
  batches: Iterable<ImageBatch> | AsyncIterable<ImageBatch>,
) {
  return classifierAccuracy(
    around.runtime,
    flags.mirrored ? mirroredClassifier(model) : model,
    weights,
    batches,
  );
}

/** Samples beside the training images nearest to them by pixels: whether the model repeats what it has seen. */
async function neighbours(subject: Subject, isShown: boolean): Promise<Measured> {
  const { images, around } = subject;
  const { pixels, count } = await drawSamples(subject);
  const d = pixels.length / count;
  const drawn = { name: "pixels", data: pixels, n: count, d };
  const train = { name: "pixels", data: await allPixels(images.train, d), n: images.train.count, d };
  const { indices, squaredDistances } = await nearestNeighbours(around.runtime, drawn, train, 1);
  const distance = squaredDistances.reduce((sum, value) => sum + Math.sqrt(value / d), 0) / count;
  const nearest = Math.sqrt(squaredDistances.reduce((least, value) => Math.min(least, value)) / d);
  return {
    figures: { meanDistance: distance, smallestDistance: nearest, samples: count },
    text:
      `the nearest training image differs by ${distance.toFixed(3)} a pixel on average, ${nearest.toFixed(3)} at least ` +
      "(root mean square, values from -1 to 1)",
    shown: isShown ? await pairs(subject, pixels, indices) : undefined,
  };
}

async function allPixels(split: ImageExamples, d: number): Promise<Float32Array> {
  const all = new Float32Array(split.count * d);
  let at = 0;
  for await (const part of pixelsOf(wholeBatches(split))) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

async function pairs({ images }: Subject, pixels: Float32Array, indices: Int32Array): Promise<Uint8Array> {
  const { channels, height, width } = images.shape;
  const d = channels * height * width;
  const shown = Math.min(shownNeighbours, indices.length);
  const found = await images.train.readBatch([...indices.subarray(0, shown)]);
  const both = new Float32Array(2 * shown * d);
  both.set(pixels.subarray(0, shown * d));
  both.set(fromBytes(found.pixels as Uint8Array), shown * d);
  const grid = imageGrid(both, images.shape, { columns: shown });
  return encodePng(grid.pixels, grid);
}

/** What nearest neighbours by an encoder's features say of images held out. */
async function knn({ name, saved, images, around }: Subject): Promise<Measured> {
  const encoder = encoderOf(saved);
  if (!encoder) throw new Error(`a ${saved.kind} has no measure of neighbours`);
  const extractor = await openEncoderFeatures(around.runtime, encoder, saved.weights, { source: name });
  const labelled = async (split: ImageExamples) => {
    const labels: number[] = [];
    async function* noting() {
      for await (const batch of labelledBatches(split)) {
        labels.push(...batch.labels);
        yield batch.images;
      }
    }
    await requireLabels(split);
    const features = await featuresOf(extractor, noting());
    return { features, labels: Int32Array.from(labels) };
  };
  const [train, test] = [await labelled(images.train), await labelled(images.validation)];
  const share = await kNearestAccuracy(around.runtime, train, test, { k: 20 });
  return {
    figures: { accuracy: share, k: 20, images: test.labels.length, features: test.features.name },
    text: `20 nearest neighbours tell the class of ${(100 * share).toFixed(1)} % of ${test.labels.length} images, by ${test.features.name}`,
  };
}

async function requireLabels(split: ImageExamples): Promise<void> {
  if (await hasLabels(split)) return;
  throw new EvaluationError(
    "neighbours tell nothing without classes",
    `none of ${split.count} images has one`,
    "give a run on images with a class a folder",
  );
}
