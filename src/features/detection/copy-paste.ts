import type { RandomStream } from "../../core/random.js";
import type { ImageShape } from "../../data/images/image.js";
import { type BoxedImage, stretchInto } from "./boxed-image.js";
import { drawFreePlace } from "./covering.js";

/**
 * The image with up to `count` things of another at random places: their boxes with all that is in them, as there is no
 * outline (Ghiasi et al. 2021 have one). A thing for which no place is free is left out.
 */
export function copyPaste(
  image: BoxedImage,
  other: BoxedImage,
  shape: ImageShape,
  count: number,
  random: RandomStream,
): BoxedImage {
  const pixels = image.pixels.slice();
  let boxes = image.boxes;
  const things = other.boxes.filter(({ ignored }) => !ignored);
  for (let i = 0; i < count && things.length > 0; i++) {
    const thing = things[random.integer(things.length)];
    const [left, top] = [Math.max(0, Math.floor(thing.left)), Math.max(0, Math.floor(thing.top))];
    const width = Math.min(shape.width, Math.ceil(thing.right)) - left;
    const height = Math.min(shape.height, Math.ceil(thing.bottom)) - top;
    const place = drawFreePlace({ width, height }, shape, boxes, random);
    if (!place) continue;
    boxes = [...boxes, ...stretchInto(pixels, other, shape, { left, top, width, height }, place)];
  }
  return { pixels, boxes };
}
