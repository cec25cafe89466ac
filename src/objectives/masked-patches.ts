/**
 * Masked patches (He et al. 2022, section 3): most patches of an image are hidden, and what is learned is to predict
 * their pixels, each patch normalised by its own mean and deviation; the loss is over hidden patches alone.
 */
import { known } from "../core/graph/size.js";
import type { Tensor, TensorType } from "../core/graph/tensor.js";
import { add, cast, div, mul, sqrt, sub } from "../core/ops/elementwise.js";
import { greaterOrEqual } from "../core/ops/logic.js";
import { reshape, sum, transpose } from "../core/ops/movement.js";
import { mean, moments } from "../core/ops/reduce.js";
import type { RandomStream } from "../core/random.js";
import type { ImageShape } from "../data/images/image.js";
import type { MaskedAutoencoder } from "../models/image-model.js";
import { patchify } from "../nn/patches.js";
import { ObjectiveError } from "./errors.js";
import { countOf, flagOf, type ImageBatchShape, type ImageObjective } from "./image-objective.js";

/** How much is hidden, and what is predicted of it. */
export interface MaskedPatchesOptions {
  /** Of a patch's side, in pixels; the model's. */
  readonly patchSize: number;
  /** The share of patches that are hidden; default 0.75. */
  readonly maskRatio?: number;
  /** Predict pixels less their patch's mean and divided by its deviation; default true. */
  readonly normalisePixels?: boolean;
}

/**
 * Mean squared error of predictions [b, n, d] at the patches whose place, int64 [b, n], is not below `numVisible`, in
 * the images for which `counted` is 1 and not 0, by default all.
 * Pixels of a patch are in the order y, x, channel, as in Hugging Face's `ViTMAEForPreTraining`.
 */
export function maskedPatchesLoss(
  predicted: Tensor<"b n d">,
  images: Tensor<"b c h w">,
  places: Tensor<"b n">,
  { patchSize, normalisePixels = true }: MaskedPatchesOptions,
  numVisible: number,
  counted?: Tensor<"b">,
): Tensor<""> {
  const pixels = patchPixels(images, patchSize, predicted);
  const errors = sub(predicted, normalisePixels ? normalised(pixels) : pixels);
  const ofPatch = mean<"b n">(mul(errors, errors), [2]);
  const isHidden = cast(greaterOrEqual(places, numVisible), predicted.dtype);
  const hidden = counted ? mul(isHidden, reshape(counted, [counted.shape[0], 1])) : isHidden;
  return div(sum<"">(mul(ofPatch, hidden)), sum<"">(hidden));
}

/** The patches [b, n, y x c] of images. */
function patchPixels(images: Tensor<"b c h w">, size: number, like: Tensor<"b n d">): Tensor<"b n d"> {
  const [batch, count] = like.shape;
  const [, channels] = images.shape;
  const apart = reshape(patchify(images, size), [count, batch, channels, size * size]);
  return reshape(transpose(apart, [1, 0, 3, 2]), like.shape);
}

/** Hugging Face's and the paper's code divide by the unbiased variance. */
function normalised(pixels: Tensor<"b n d">): Tensor<"b n d"> {
  const count = known(pixels.shape[2]);
  const { mean: centre, variance } = moments(pixels, [2]);
  return div(sub(pixels, centre), sqrt(add(mul(variance, count / Math.max(1, count - 1)), 1e-6)));
}

/**
 * Masked patches as training asks for it: batches of `images`, of `visible` patches, int64 [b, k], and `places`, int64
 * [b, n]; see `MaskedAutoencoder`. `loss` throws `ObjectiveError` for a model with other patches, `batch` when no
 * patch would be visible or none hidden.
 */
export function maskedPatches(options: MaskedPatchesOptions): ImageObjective<MaskedAutoencoder> {
  const batch = (shape: ImageBatchShape): Record<string, TensorType> => {
    const { batchSize, channels, height, width } = shape;
    const { count, numVisible } = countsOf(options, shape);
    return {
      images: { dtype: "float32", shape: [batchSize, channels, height, width] },
      visible: { dtype: "int64", shape: [batchSize, numVisible] },
      places: { dtype: "int64", shape: [batchSize, count] },
    };
  };
  return {
    batch,
    evaluated: (shape) => ({ ...batch(shape), counted: flagOf(shape) }),
    complete({ images, labels }, shape, random) {
      const { count, numVisible } = countsOf(options, shape);
      return { images, labels, ...drawMasks(shape.batchSize, count, numVisible, random) };
    },
    loss(model, p, { images, visible, places, counted }) {
      if (model.patchSize !== options.patchSize) {
        throw new ObjectiveError(
          "the masked autoencoder and its objective differ in patches",
          `sides of ${model.patchSize} and ${options.patchSize} pixels`,
          "give both the same patchSize",
        );
      }
      const predicted = model.predict(p, images, visible, places);
      return {
        loss: maskedPatchesLoss(predicted, images, places, options, known(visible.shape[1]), counted),
      };
    },
    count: (batch) => countOf(batch, batch.labels.length),
  };
}

function countsOf({ patchSize, maskRatio = 0.75 }: MaskedPatchesOptions, { height, width }: ImageShape) {
  const count = Math.floor(height / patchSize) * Math.floor(width / patchSize);
  const numVisible = Math.floor(count * (1 - maskRatio));
  if (numVisible > 0 && numVisible < count) return { count, numVisible };
  throw new ObjectiveError(
    "masking leaves no patch visible, or none hidden",
    `${numVisible} of ${count} patches visible at a maskRatio of ${maskRatio}`,
    "choose a maskRatio between 0 and 1, and patches small enough that an image has several",
  );
}

/**
 * A random order of the patches of each image, of which the first `numVisible` are visible, and its inverse: for each
 * patch its place in that order.
 */
export function drawMasks(batchSize: number, count: number, numVisible: number, random: RandomStream) {
  const visible = new Int32Array(batchSize * numVisible);
  const places = new Int32Array(batchSize * count);
  const order = new Int32Array(count);
  for (let image = 0; image < batchSize; image++) {
    shuffle(order, random);
    visible.set(order.subarray(0, numVisible), image * numVisible);
    order.forEach((patch, place) => {
      places[image * count + patch] = place;
    });
  }
  return { visible, places };
}

/** Fills `order` with a random permutation. [Fisher & Yates, inside out: Knuth 1997, algorithm P] */
function shuffle(order: Int32Array, random: RandomStream): void {
  for (let i = 0; i < order.length; i++) {
    const j = random.integer(i + 1);
    order[i] = order[j];
    order[j] = i;
  }
}
