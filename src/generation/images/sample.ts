/** Draws images: noise becomes data along the field that a model predicts. */
import { fillNormal, randomStream } from "../../core/random.js";
import { shiftedTime } from "../../objectives/flow-matching.js";
import { GenerationError } from "../errors.js";
import type { Field } from "./denoiser-session.js";
import { guidedField } from "./guidance.js";
import { type FieldAt, type Path, type Solver, solvers } from "./solvers.js";

export interface SampleOptions {
  /** The one that the model was trained on: `linearPath` of flow matching, or a `diffusionPath`. */
  readonly path: Path;
  /** Images to draw. */
  readonly count: number;
  /** The class of each image; "none" or a missing one leaves it to the model. */
  readonly labels?: readonly (number | "none")[];
  /** Steps from noise to data. */
  readonly steps: number;
  readonly solver: Solver;
  /** How much nearer to noise the steps lie, as training times did: see `shiftedTime`; default 1. */
  readonly shift?: number;
  /** How strongly the class pulls: 1 (the default) is the class's own field, more is clearer and less varied. */
  readonly guidance?: number;
  /** From what time on, and until when, it pulls; default 0 (noise) and 1 (data). */
  readonly guidanceFrom?: number;
  readonly guidanceUntil?: number;
  /** Default 0. An image depends on the seed and its number alone. */
  readonly seed?: number;
  /** Images that are drawn at once; default 64. */
  readonly batchSize?: number;
  /** Begin with these images, with noise as at time `t`: 0 is new images, 1 the same. One image, or `count`. */
  readonly from?: { readonly images: Float32Array; readonly t: number };
  /** Draw only where the mask [h, w] is 0; elsewhere the images (one, or `count`) stay as they are. */
  readonly keep?: { readonly images: Float32Array; readonly mask: Uint8Array };
  /** Called before the first step and after each, with the batch's images and the number of its first. */
  readonly onStep?: (x: Float32Array, t: number, first: number) => void;
}

/**
 * Images [count, c, h, w] with values of about -1 to 1, flat. Throws `GenerationError` for options that do not fit the
 * model.
 */
export async function sampleImages(field: Field, options: SampleOptions): Promise<Float32Array> {
  checkOptions(field, options);
  const { count, batchSize = 64 } = options;
  const size = imageSize(field);
  const images = new Float32Array(count * size);
  for (let first = 0; first < count; first += batchSize) {
    const batch = await sampleBatch(field, options, first, Math.min(batchSize, count - first));
    images.set(batch, first * size);
  }
  return images;
}

/** Far beyond what helps, and far below what overflows. */
const mostGuidance = 1000;

const imageSize = ({ model }: Field) => model.channels * model.height * model.width;

async function sampleBatch(
  field: Field,
  options: SampleOptions,
  first: number,
  batch: number,
): Promise<Float32Array> {
  const { path, steps, solver, shift = 1, seed = 0, from, keep, onStep } = options;
  const { guidance = 1, guidanceFrom = 0, guidanceUntil = 1 } = options;
  const size = imageSize(field);
  const noise = noiseOf(seed, first, batch, size);
  const picturesOf = (images: Float32Array) => chosenPictures(images, first, batch, size);
  const interval = { guidance, from: guidanceFrom, until: guidanceUntil };
  const predict = guidedField(field, classesOf(field, options.labels, first, batch), interval);
  const restore = keep ? keptPixels(path, picturesOf(keep.images), noise, keep.mask) : unchanged;
  const start = from?.t ?? 0;
  const timeOf = (step: number) =>
    step === steps ? 1 : start + (1 - start) * shiftedTime(step / steps, shift);
  let x = restore(from ? path.noisyAt(picturesOf(from.images), noise, start) : noise, start);
  onStep?.(x, start, first);
  for (let step = 0; step < steps; step++) {
    const next = timeOf(step + 1);
    const fieldAt: FieldAt = (at, t) => predict(restore(at, t), t);
    x = restore(await solvers[solver](path, fieldAt, x, timeOf(step), next), next);
    onStep?.(x, next, first);
  }
  return x;
}

const unchanged = (x: Float32Array) => x;

/** The noise that each image begins with; other images do not change it. */
function noiseOf(seed: number, first: number, batch: number, size: number): Float32Array {
  const noise = new Float32Array(batch * size);
  for (let i = 0; i < batch; i++) {
    fillNormal(noise.subarray(i * size, (i + 1) * size), randomStream(seed, "sample", first + i), 1);
  }
  return noise;
}

function classesOf(
  { model }: Field,
  labels: SampleOptions["labels"],
  first: number,
  batch: number,
): Int32Array {
  return Int32Array.from({ length: batch }, (_, i) => {
    const label = labels?.[first + i] ?? "none";
    return label === "none" ? model.numClasses : label;
  });
}

/** Puts the known pixels into images of time `t`, with as much noise; at 1 they are the picture's own. */
function keptPixels(path: Path, pictures: Float32Array, noise: Float32Array, mask: Uint8Array) {
  return (x: Float32Array, t: number): Float32Array => {
    const known = t === 1 ? pictures : path.noisyAt(pictures, noise, t);
    return x.map((value, i) => (mask[i % mask.length] ? known[i] : value));
  };
}

/** The pictures of a batch: its own, or one for all. */
function chosenPictures(images: Float32Array, first: number, batch: number, size: number): Float32Array {
  if (images.length > size) return images.subarray(first * size, (first + batch) * size);
  const repeated = new Float32Array(batch * size);
  for (let i = 0; i < batch; i++) repeated.set(images, i * size);
  return repeated;
}

function checkOptions(field: Field, options: SampleOptions): void {
  const { count, steps, guidance = 1, batchSize = 64, labels, from, keep } = options;
  const { guidanceFrom = 0, guidanceUntil = 1 } = options;
  for (const [name, value] of Object.entries({ count, steps, batchSize })) {
    if (Number.isInteger(value) && value >= 1) continue;
    throw new GenerationError(`the ${name} of a drawing is not a whole number`, `${value}`, "give 1 or more");
  }
  if (!(Math.abs(guidance) <= mostGuidance)) {
    throw new GenerationError(
      "the guidance is no number that pictures survive",
      `${guidance}`,
      `give 1 for none, or 2 to 5; at most ${mostGuidance}`,
    );
  }
  if (!(guidanceFrom >= 0 && guidanceFrom <= guidanceUntil && guidanceUntil <= 1)) {
    throw new GenerationError(
      "guidance has no time in which it pulls",
      `from ${guidanceFrom} until ${guidanceUntil}`,
      "give two times from 0 (noise) to 1 (data), the earlier one first",
    );
  }
  checkLabels(labels, field.model.numClasses);
  if (from && !(from.t >= 0 && from.t <= 1)) {
    throw new GenerationError("a drawing starts outside time", `t ${from.t}`, "give 0 (noise) to 1 (data)");
  }
  if (from) checkPictures(field, count, from.images);
  if (keep) checkPictures(field, count, keep.images);
  if (keep) checkMask(field, keep.mask);
}

function checkMask({ model: { height, width } }: Field, mask: Uint8Array): void {
  if (mask.length === height * width) return;
  throw new GenerationError(
    "a mask is not of the model's size",
    `${mask.length} pixels for ${height} x ${width}`,
    "give one byte a pixel, row by row",
  );
}

function checkLabels(labels: SampleOptions["labels"], numClasses: number): void {
  for (const label of labels ?? []) {
    if (label === "none" || (Number.isInteger(label) && label >= 0 && label < numClasses)) continue;
    throw new GenerationError(
      "the model does not know a class",
      `class ${label}; it knows ${numClasses === 0 ? "none" : `0 to ${numClasses - 1}`}`,
      numClasses === 0 ? "draw without classes" : 'give one of those, or "none"',
    );
  }
}

function checkPictures(field: Field, count: number, images: Float32Array): void {
  const size = imageSize(field);
  if (images.length === size || images.length === count * size) return;
  const { channels, height, width } = field.model;
  throw new GenerationError(
    "pictures do not have the model's shape",
    `${images.length} values for [${channels}, ${height}, ${width}]`,
    `give one picture of ${size} values, or one for each of the ${count} images`,
  );
}
