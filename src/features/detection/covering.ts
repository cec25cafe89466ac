import type { RandomStream } from "../../core/random.js";
import { areaOf, type Box, sharedArea } from "../../data/detection/boxes.js";
import type { ImageShape } from "../../data/images/image.js";
import type { Box as Window } from "../images/geometry.js";
import { drawPart, edgesOf } from "./boxed-image.js";

const attempts = 10;
/** Of a box's area: a thing that loses no more is still found. */
const mostCovered = 0.25;

/**
 * Where something of this size can be pasted so that it covers no box by more than a quarter; nowhere, when the size does
 * not fit the image or ten draws cover too much.
 */
export function drawFreePlace(
  size: Pick<Window, "width" | "height">,
  shape: ImageShape,
  boxes: readonly Box[],
  random: RandomStream,
): Window | undefined {
  if (size.width > shape.width || size.height > shape.height) return undefined;
  for (let attempt = 0; attempt < attempts; attempt++) {
    const place = drawPart(size, shape, random);
    const edges = edgesOf(place);
    if (boxes.every((box) => sharedArea(box, edges) <= mostCovered * areaOf(box))) return place;
  }
  return undefined;
}
