import type { RandomStream } from "../../core/random.js";
import type { ImageBatch, ImageShape } from "../../data/images/image.js";
import { type ColorJitter, jitterColor, scaleSaturation } from "./colour.js";
import { eraseRectangle } from "./erasing.js";
import { AugmentError } from "./errors.js";
import { copyShifted, copyStretched, drawBox, drawShift } from "./geometry.js";
import { cutmix, mixup } from "./mixing.js";

/** How images are changed at random, in this order. What is not named is not done. */
export interface AugmentOptions {
  /** A crop of the image's size after reflecting so many pixels over each border. */
  readonly crop?: number;
  /** A crop of at least `minScale` of the area, stretched over the image; instead of `crop`. */
  readonly resizedCrop?: { readonly minScale: number };
  /** Mirrors every other image, left for right. */
  readonly flip?: boolean;
  readonly colorJitter?: ColorJitter;
  /** How likely an RGB image loses its colours. */
  readonly grayscale?: number;
  /** How likely a rectangle of an image is filled with noise. */
  readonly erasing?: number;
  /** Blends images with weights of Beta(alpha, alpha). Beside `cutmix` each batch takes one of both. */
  readonly mixup?: number;
  /** Pastes parts of images into others with areas of Beta(alpha, alpha). */
  readonly cutmix?: number;
}

/**
 * A batch of the same shape, changed at random; `targets` says what of each class is in images that were mixed.
 * Image after image draws from the one stream, so that the result is a pure function of batch and stream.
 * @throws AugmentError for options outside their range, and for a batch or labels that do not fit.
 */
export function augment(
  batch: ImageBatch,
  shape: ImageShape & { readonly batchSize: number },
  options: AugmentOptions,
  random: RandomStream,
  numClasses: number,
): ImageBatch {
  checkOptions(options, shape);
  checkBatch(batch, shape);
  const size = batch.images.length / shape.batchSize;
  const images = new Float32Array(batch.images.length);
  for (let start = 0; start < images.length; start += size) {
    const target = images.subarray(start, start + size);
    moveImage(batch.images.subarray(start, start + size), target, shape, options, random);
    recolorImage(target, shape, options, random);
  }
  return mix({ ...batch, images }, shape, options, random, numClasses);
}

function moveImage(
  source: Float32Array,
  target: Float32Array,
  shape: ImageShape,
  { crop = 0, resizedCrop, flip }: AugmentOptions,
  random: RandomStream,
): void {
  const box = resizedCrop && drawBox(shape, resizedCrop.minScale, random);
  const shift = crop > 0 ? drawShift(crop, random) : { x: 0, y: 0 };
  const isMirrored = flip === true && random.integer(2) === 1;
  if (box) copyStretched(source, target, shape, box, isMirrored);
  else if (crop > 0 || isMirrored) copyShifted(source, target, shape, { ...shift, isMirrored });
  else target.set(source);
}

function recolorImage(
  image: Float32Array,
  shape: ImageShape,
  { colorJitter, grayscale, erasing }: AugmentOptions,
  random: RandomStream,
): void {
  if (colorJitter) jitterColor(image, shape.channels, colorJitter, random);
  if (grayscale && random.uniform() < grayscale && shape.channels === 3) scaleSaturation(image, 0);
  if (erasing && random.uniform() < erasing) eraseRectangle(image, shape, random);
}

function mix(
  batch: ImageBatch,
  shape: ImageShape,
  options: AugmentOptions,
  random: RandomStream,
  numClasses: number,
): ImageBatch {
  if (!options.mixup && !options.cutmix) return batch;
  checkLabels(batch.labels, numClasses);
  const isCut = options.cutmix && (!options.mixup || random.integer(2) === 1);
  return isCut
    ? cutmix(batch, shape, options.cutmix!, numClasses, random)
    : mixup(batch, options.mixup!, numClasses, random);
}

function checkOptions(options: AugmentOptions, { height, width }: ImageShape): void {
  const { crop = 0, resizedCrop, colorJitter: jitter } = options;
  const padding = Math.min(height, width) - 1;
  requireRange("crop", crop, 0, padding, "reflect less than the image has; 4 is usual for 32 x 32");
  if (!Number.isInteger(crop)) throw outside("crop", crop, "give whole pixels");
  if (crop > 0 && resizedCrop) throw outside("crop", crop, "give either crop or resizedCrop");
  if (resizedCrop)
    requireRange("resizedCrop.minScale", resizedCrop.minScale, 0, 1, "give a share of the area");
  for (const name of ["grayscale", "erasing"] as const) {
    requireRange(name, options[name] ?? 0, 0, 1, "give a probability");
  }
  for (const name of ["mixup", "cutmix"] as const) {
    requireRange(
      name,
      options[name] ?? 0,
      0,
      1e6,
      "give the alpha of the Beta distribution: 0.2 or 1 are usual",
    );
  }
  if (jitter) checkJitter(jitter);
}

function checkJitter(jitter: ColorJitter): void {
  for (const name of ["brightness", "contrast", "saturation"] as const) {
    requireRange(
      `colorJitter.${name}`,
      jitter[name],
      0,
      100,
      "give a strength: 0 changes nothing, 0.4 is usual",
    );
  }
  requireRange("colorJitter.hue", jitter.hue ?? 0, 0, 0.5, "give a part of the circle: 0.1 is usual");
  requireRange("colorJitter.probability", jitter.probability ?? 1, 0, 1, "give a probability");
}

function requireRange(name: string, value: number, low: number, high: number, advice: string): void {
  if (!(value >= low && value <= high)) throw outside(name, value, `${advice} (${low} to ${high})`);
}

function outside(name: string, value: number, advice: string): AugmentError {
  return new AugmentError("images cannot be augmented like that", `${name}: ${value}`, advice);
}

function checkBatch(
  { images, labels }: ImageBatch,
  shape: ImageShape & { readonly batchSize: number },
): void {
  const { batchSize, channels, height, width } = shape;
  if (images.length === batchSize * channels * height * width && labels.length === batchSize) return;
  throw new AugmentError(
    "the batch does not have the shape that was announced",
    `${images.length} numbers and ${labels.length} labels, not [${batchSize}, ${channels}, ${height}, ${width}]`,
    "count every view of an image in the batch size",
  );
}

function checkLabels(labels: Int32Array, numClasses: number): void {
  const wrong = labels.find((label) => label < -1 || label >= numClasses);
  if (wrong === undefined && numClasses > 0) return;
  throw new AugmentError(
    "mixed images need labels that are classes",
    `${wrong === undefined ? "no classes" : `label ${wrong}`} of ${numClasses}`,
    "give images with classes, or leave out mixup and cutmix",
  );
}
