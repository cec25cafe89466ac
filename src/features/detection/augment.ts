import type { RandomStream } from "../../core/random.js";
import type { ImageShape } from "../../data/images/image.js";
import { type ColorJitter, jitterColor } from "../images/colour.js";
import { AugmentError } from "../images/errors.js";
import { type BoxedImage, drawFactor } from "./boxed-image.js";
import { copyPaste } from "./copy-paste.js";
import { flipSideways, flipUpright, mosaic, rescale } from "./moves.js";

/** How images with boxes are changed at random, in this order. What is not named is not done. */
export interface BoxAugmentOptions {
  /** How likely an image is put together from parts of four of the batch. */
  readonly mosaic?: number;
  /** How many things of another image of the batch are pasted at most. */
  readonly copyPaste?: number;
  /** Makes images larger or smaller by a factor from `min` to `max`, each doubling as likely. */
  readonly scale?: { readonly min: number; readonly max: number };
  /** Mirrors every other image, left for right. */
  readonly flip?: boolean;
  /** Mirrors every other image, top for bottom: for pictures without an up, as from a microscope. */
  readonly flipUpright?: boolean;
  readonly colorJitter?: ColorJitter;
}

/**
 * A batch of images with boxes, changed at random; what it was given stays as it is. Image after image draws from the
 * one stream, so that the result is a pure function of batch and stream.
 * @throws AugmentError for options outside their range.
 */
export function augmentBoxed(
  images: readonly BoxedImage[],
  shape: ImageShape,
  options: BoxAugmentOptions,
  random: RandomStream,
): BoxedImage[] {
  checkOptions(options);
  const any = () => images[random.integer(images.length)];
  return images.map((own) => {
    let image = own;
    if (options.mosaic && random.uniform() < options.mosaic) {
      image = mosaic([own, any(), any(), any()], shape, random);
    }
    if (options.copyPaste) {
      image = copyPaste(image, any(), shape, random.integer(options.copyPaste + 1), random);
    }
    return recolour(move(image, shape, options, random), shape, options, random);
  });
}

function move(
  image: BoxedImage,
  shape: ImageShape,
  { scale, flip, flipUpright: upright }: BoxAugmentOptions,
  random: RandomStream,
): BoxedImage {
  let moved = image;
  if (scale) moved = rescale(moved, shape, drawFactor(scale.min, scale.max, random), random);
  if (flip && random.integer(2) === 1) moved = flipSideways(moved, shape);
  return upright && random.integer(2) === 1 ? flipUpright(moved, shape) : moved;
}

function recolour(
  { pixels, boxes }: BoxedImage,
  { channels }: ImageShape,
  { colorJitter }: BoxAugmentOptions,
  random: RandomStream,
): BoxedImage {
  if (!colorJitter) return { pixels, boxes };
  const changed = pixels.slice();
  jitterColor(changed, channels, colorJitter, random);
  return { pixels: changed, boxes };
}

function checkOptions({ mosaic = 0, copyPaste = 0, scale = { min: 1, max: 1 } }: BoxAugmentOptions): void {
  if (!(mosaic >= 0 && mosaic <= 1)) throw outside("mosaic", mosaic, "give a probability (0 to 1)");
  if (!(Number.isInteger(copyPaste) && copyPaste >= 0)) {
    throw outside("copyPaste", copyPaste, "give a whole number of things");
  }
  if (!(scale.min >= 0.1 && scale.max >= scale.min && scale.max <= 10)) {
    throw outside(
      "scale",
      `${scale.min} to ${scale.max}`,
      "give factors from 0.1 to 10, the smaller one as min",
    );
  }
}

function outside(name: string, value: number | string, advice: string): AugmentError {
  return new AugmentError("images cannot be augmented like that", `${name}: ${value}`, advice);
}
