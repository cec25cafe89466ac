/** Images moved as a whole, with their boxes; and four of them as one. */
import type { RandomStream } from "../../core/random.js";
import type { Box } from "../../data/detection/boxes.js";
import type { ImageShape } from "../../data/images/image.js";
import { type BoxedImage, drawPart, stretchInto, wholeOf } from "./boxed-image.js";

/** Left for right. */
export function flipSideways({ pixels, boxes }: BoxedImage, { width }: ImageShape): BoxedImage {
  const flipped = new Float32Array(pixels.length);
  for (let row = 0; row < pixels.length; row += width) {
    for (let x = 0; x < width; x++) flipped[row + x] = pixels[row + width - 1 - x];
  }
  const turn = (box: Box) => ({ ...box, left: width - box.right, right: width - box.left });
  return { pixels: flipped, boxes: boxes.map(turn) };
}

/** Top for bottom. */
export function flipUpright({ pixels, boxes }: BoxedImage, { height, width }: ImageShape): BoxedImage {
  const flipped = new Float32Array(pixels.length);
  for (let plane = 0; plane < pixels.length; plane += height * width) {
    for (let y = 0; y < height; y++) {
      const from = plane + (height - 1 - y) * width;
      flipped.set(pixels.subarray(from, from + width), plane + y * width);
    }
  }
  const turn = (box: Box) => ({ ...box, top: height - box.bottom, bottom: height - box.top });
  return { pixels: flipped, boxes: boxes.map(turn) };
}

/**
 * The image `factor` times as large: of a larger one a random part, a smaller one at a random place on grey. Boxes that
 * are cut off are treated as by `stretchInto`.
 */
export function rescale(
  image: BoxedImage,
  shape: ImageShape,
  factor: number,
  random: RandomStream,
): BoxedImage {
  const inner = (side: number) => Math.max(1, Math.round(side * Math.min(factor, 1 / factor)));
  const part = drawPart({ width: inner(shape.width), height: inner(shape.height) }, shape, random);
  const [from, to] = factor > 1 ? [part, wholeOf(shape)] : [wholeOf(shape), part];
  const pixels = new Float32Array(image.pixels.length);
  return { pixels, boxes: stretchInto(pixels, image, shape, from, to) };
}

/**
 * Random parts of four images around a random point of the middle half (YOLOv4: Bochkovskiy et al. 2020, section 3.3).
 * Things keep their size; those that are cut off are treated as by `stretchInto`.
 */
export function mosaic(
  images: readonly [BoxedImage, BoxedImage, BoxedImage, BoxedImage],
  shape: ImageShape,
  random: RandomStream,
): BoxedImage {
  const middle = (side: number) => Math.floor(side / 4) + random.integer(Math.ceil(side / 2));
  const [x, y] = [middle(shape.width), middle(shape.height)];
  const pixels = new Float32Array(images[0].pixels.length);
  const boxes = images.flatMap((image, i) => {
    const [left, width] = i % 2 === 0 ? [0, x] : [x, shape.width - x];
    const [top, height] = i < 2 ? [0, y] : [y, shape.height - y];
    const from = drawPart({ width, height }, shape, random);
    return stretchInto(pixels, image, shape, from, { left, top, width, height });
  });
  return { pixels, boxes };
}
