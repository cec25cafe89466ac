/** Images of a batch blended with each other, and their classes with them. */
import type { RandomStream } from "../../core/random.js";
import type { ImageBatch, ImageShape } from "../../data/images/image.js";
import type { Box } from "./geometry.js";

/** How much each image keeps, and whose part it takes for the rest. */
interface Mix {
  /** From 0 to 1. */
  readonly kept: number;
  /** The other image of each. */
  readonly partners: Int32Array;
}

/**
 * Each image becomes `kept` of itself and the rest of another, with `kept` drawn from Beta(alpha, alpha) once a
 * batch (Zhang et al., "mixup: beyond empirical risk minimization", 2018, equation 2).
 */
export function mixup(
  batch: ImageBatch,
  alpha: number,
  numClasses: number,
  random: RandomStream,
): ImageBatch {
  const kept = drawBeta(alpha, random);
  const partners = drawOrder(batch.labels.length, random);
  const size = batch.images.length / batch.labels.length;
  const images = new Float32Array(batch.images.length);
  for (const [i, partner] of partners.entries()) {
    const [own, other] = [i * size, partner * size];
    for (let at = 0; at < size; at++) {
      images[own + at] = kept * batch.images[own + at] + (1 - kept) * batch.images[other + at];
    }
  }
  return {
    images,
    labels: batch.labels,
    targets: mixedTargets(batch.labels, { kept, partners }, numClasses),
  };
}

/**
 * Each image takes a box of another: 1 - lambda of the area, lambda from Beta(alpha, alpha), around a pixel drawn
 * once a batch and cut off at the border; classes are shared as the pixels are (Yun et al., "CutMix", 2019,
 * section 3.1).
 */
export function cutmix(
  batch: ImageBatch,
  shape: ImageShape,
  alpha: number,
  numClasses: number,
  random: RandomStream,
): ImageBatch {
  const box = drawCutBox(shape, drawBeta(alpha, random), random);
  const partners = drawOrder(batch.labels.length, random);
  const images = batch.images.slice();
  for (const [i, partner] of partners.entries()) pasteBox(images, i, batch.images, partner, shape, box);
  const kept = 1 - (box.width * box.height) / (shape.width * shape.height);
  return {
    images,
    labels: batch.labels,
    targets: mixedTargets(batch.labels, { kept, partners }, numClasses),
  };
}

function drawCutBox({ width, height }: ImageShape, kept: number, random: RandomStream): Box {
  const side = Math.sqrt(1 - kept);
  const [left, right] = cutAround(random.integer(width), Math.floor(width * side), width);
  const [top, bottom] = cutAround(random.integer(height), Math.floor(height * side), height);
  return { left, top, width: right - left, height: bottom - top };
}

function cutAround(centre: number, length: number, size: number): [number, number] {
  const half = Math.floor(length / 2);
  return [Math.max(0, centre - half), Math.min(size, centre + half)];
}

/** Copies the box of one image of `source` into one image of `target`. */
function pasteBox(
  target: Float32Array,
  image: number,
  source: Float32Array,
  partner: number,
  { channels, height, width }: ImageShape,
  box: Box,
): void {
  for (let channel = 0; channel < channels; channel++) {
    for (let row = box.top; row < box.top + box.height; row++) {
      const place = (plane: number) => (plane * height + row) * width + box.left;
      const from = place(partner * channels + channel);
      target.set(source.subarray(from, from + box.width), place(image * channels + channel));
    }
  }
}

/** The share [b, k] of each class. An image of no class, -1, adds nothing. */
function mixedTargets(labels: Int32Array, { kept, partners }: Mix, numClasses: number): Float32Array {
  const targets = new Float32Array(labels.length * numClasses);
  const add = (row: number, label: number, share: number) => {
    if (label >= 0) targets[row * numClasses + label] += share;
  };
  for (const [row, partner] of partners.entries()) {
    add(row, labels[row], kept);
    add(row, labels[partner], 1 - kept);
  }
  return targets;
}

/** A random order of [0, size) (Fisher and Yates). */
function drawOrder(size: number, random: RandomStream): Int32Array {
  const order = Int32Array.from({ length: size }, (_, i) => i);
  for (let i = size - 1; i > 0; i--) {
    const j = random.integer(i + 1);
    [order[i], order[j]] = [order[j], order[i]];
  }
  return order;
}

/** A number of Beta(alpha, alpha): the share of one of two gamma variates, in logarithms for small alphas. */
export function drawBeta(alpha: number, random: RandomStream): number {
  const first = drawLogGamma(alpha, random);
  return 1 / (1 + Math.exp(drawLogGamma(alpha, random) - first));
}

/**
 * The logarithm of a number of Gamma(alpha, 1): rejection from a cubed normal for alpha + 1 (Marsaglia and Tsang,
 * "A simple method for generating gamma variables", 2000), times uniform^(1 / alpha) to come down to alpha.
 */
function drawLogGamma(alpha: number, random: RandomStream): number {
  const d = alpha + 1 - 1 / 3;
  const c = 1 / Math.sqrt(9 * d);
  for (;;) {
    const x = random.normal();
    const v = (1 + c * x) ** 3;
    const u = 1 - random.uniform();
    if (v <= 0 || Math.log(u) >= 0.5 * x * x + d - d * v + d * Math.log(v)) continue;
    return Math.log(d * v) + Math.log(1 - random.uniform()) / alpha;
  }
}
