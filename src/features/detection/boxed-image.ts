/** Images with boxes, and what becomes of boxes when parts of images go elsewhere. */
import type { RandomStream } from "../../core/random.js";
import { areaOf, type Box, type Edges, sharedArea } from "../../data/detection/boxes.js";
import type { ImageShape } from "../../data/images/image.js";
import { copyStretched, type Box as Window } from "../images/geometry.js";

/** An image [c, h, w] with values from -1 to 1, and boxes in its pixels. */
export interface BoxedImage {
  readonly pixels: Float32Array;
  readonly boxes: readonly Box[];
}

/** Of a thing's area: what shows less of it is not learned as one. */
const leastVisible = 0.25;

/** All of an image. */
export function wholeOf({ width, height }: ImageShape): Window {
  return { left: 0, top: 0, width, height };
}

/** A part of an image of this size, anywhere in it. */
export function drawPart(
  { width, height }: Pick<Window, "width" | "height">,
  shape: ImageShape,
  random: RandomStream,
): Window {
  const left = random.integer(shape.width - width + 1);
  return { left, top: random.integer(shape.height - height + 1), width, height };
}

/** A factor from `min` to `max`, each doubling as likely. */
export function drawFactor(min: number, max: number, random: RandomStream): number {
  return min * (max / min) ** random.uniform();
}

/** Edges of whole pixels. */
export function edgesOf({ left, top, width, height }: Window): Edges {
  return { left, top, right: left + width, bottom: top + height };
}

/**
 * Stretches the part `from` of an image over the part `to` of `target`, and gives the boxes that come to be there. A box
 * is cut off at the part's border, and ignored where less than a quarter of it is left.
 */
export function stretchInto(
  target: Float32Array,
  { pixels, boxes }: BoxedImage,
  shape: ImageShape,
  from: Window,
  to: Window,
): Box[] {
  copyStretched(pixels, target, shape, from, false, to);
  const x = (value: number) => to.left + (value - from.left) * (to.width / from.width);
  const y = (value: number) => to.top + (value - from.top) * (to.height / from.height);
  return boxes.flatMap((box) => {
    const edges = { left: x(box.left), top: y(box.top), right: x(box.right), bottom: y(box.bottom) };
    return cutOff({ ...edges, label: box.label, ignored: box.ignored }, edgesOf(to));
  });
}

/** The part of a box that lies within the edges, if any. */
function cutOff(box: Box, edges: Edges): Box[] {
  const shared = sharedArea(box, edges);
  if (shared === 0) return [];
  return [
    {
      left: Math.max(box.left, edges.left),
      top: Math.max(box.top, edges.top),
      right: Math.min(box.right, edges.right),
      bottom: Math.min(box.bottom, edges.bottom),
      label: box.label,
      ...((box.ignored || shared < leastVisible * areaOf(box)) && { ignored: true }),
    },
  ];
}
