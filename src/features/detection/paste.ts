import type { RandomStream } from "../../core/random.js";
import type { Box } from "../../data/detection/boxes.js";
import type { ImageShape } from "../../data/images/image.js";
import { AugmentError } from "../images/errors.js";
import { copyStretched, type Box as Window } from "../images/geometry.js";
import { type BoxedImage, drawFactor, drawPart, edgesOf } from "./boxed-image.js";
import { drawFreePlace } from "./covering.js";

const [fewest, most] = [2, 8];
/** Of a patch, as shares of the image's shorter side. */
const sizes = [0.06, 0.46] as const;
const aspects = [0.5, 2] as const;
/** By what a patch is enlarged or made smaller. */
const zooms = [0.5, 2] as const;
/** The outer share of an ellipse's radius along which it fades. */
const softness = 0.2;

/**
 * Images without boxes as pictures in which something can be found: two to eight soft elliptic patches of the batch's
 * other images, at random sizes and places, with their boxes as things of one class, 0. A detector learns from them
 * where a thing begins and ends before it knows any class (kin of InsLoc: Yang et al. 2021). A patch for which no place is
 * free is left out. The result is a pure function of images and stream.
 * @throws AugmentError for fewer than two images.
 */
export function pasteAndLocate(
  images: readonly Float32Array[],
  shape: ImageShape,
  random: RandomStream,
): BoxedImage[] {
  if (images.length < 2) {
    throw new AugmentError(
      "patches are pasted from other images, and there is none",
      `${images.length} in the batch`,
      "choose a batchSize of at least 2",
    );
  }
  const scratch = new Float32Array(images[0].length);
  return images.map((image, i) => {
    const pixels = image.slice();
    const boxes: Box[] = [];
    for (let left = fewest + random.integer(most - fewest + 1); left > 0; left--) {
      const other = images[(i + 1 + random.integer(images.length - 1)) % images.length];
      const place = drawFreePlace(drawSize(shape, random), shape, boxes, random);
      if (!place) continue;
      copyStretched(other, scratch, shape, drawSource(place, shape, random), false, place);
      blendEllipse(pixels, scratch, shape, place);
      boxes.push({ ...edgesOf(place), label: 0 });
    }
    return { pixels, boxes };
  });
}

function drawSize({ width, height }: ImageShape, random: RandomStream) {
  const size = Math.min(width, height) * drawFactor(...sizes, random);
  const aspect = Math.sqrt(drawFactor(...aspects, random));
  return { width: Math.max(1, Math.round(size * aspect)), height: Math.max(1, Math.round(size / aspect)) };
}

/** The part of an image that is stretched over a place. */
function drawSource(place: Window, shape: ImageShape, random: RandomStream): Window {
  const zoom = drawFactor(...zooms, random);
  const width = Math.min(shape.width, Math.max(1, Math.round(place.width / zoom)));
  const height = Math.min(shape.height, Math.max(1, Math.round(place.height / zoom)));
  return drawPart({ width, height }, shape, random);
}

/** Blends the ellipse that touches the sides of `place` over the target. */
function blendEllipse(
  target: Float32Array,
  source: Float32Array,
  { channels, height, width }: ImageShape,
  place: Window,
): void {
  const off = (i: number, length: number) => (2 * i + 1) / length - 1; // from -1 to 1
  for (let y = 0; y < place.height; y++) {
    for (let x = 0; x < place.width; x++) {
      const radius = Math.hypot(off(x, place.width), off(y, place.height));
      if (radius >= 1) continue;
      const share = Math.min(1, (1 - radius) / softness);
      const first = (place.top + y) * width + place.left + x;
      for (let channel = 0; channel < channels; channel++) {
        const at = first + channel * height * width;
        target[at] += share * (source[at] - target[at]);
      }
    }
  }
}
