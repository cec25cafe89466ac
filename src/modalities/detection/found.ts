/** What a detector finds in prepared pictures. */

import type { Watching } from "../../core/watching.js";
import type { Detection } from "../../data/detection/boxes.js";
import { fromBytes } from "../../data/images/image-batches.js";
import { decodeMaps } from "../../generation/detection/decode.js";
import type { DetectorSession } from "../../generation/detection/detector-session.js";
import { detectorStride } from "../../models/detector.js";
import type { PreparedSplit } from "./prepared.js";

const batchSize = 8;

/** From which score on boxes are shown where none was chosen on held-out pictures. */
export const firstThreshold = 0.5;

/** So many numbers below `count` at even distances, or all. */
export function evenly(count: number, most: number): number[] {
  const length = Math.min(count, most);
  return Array.from({ length }, (_, i) => Math.floor(((i + 0.5) * count) / length));
}

/** The boxes in the pictures of these numbers, in the pictures' own pixels, surest first, from a score of 0.05 on. */
export async function foundIn(
  session: DetectorSession,
  { examples, pictures }: PreparedSplit,
  numbers: readonly number[],
  { overlap, signal, onProgress }: Watching & { readonly overlap?: number } = {},
): Promise<Detection[][]> {
  const [, height, width] = examples.fields.pixels.shape;
  const grid = { height, width, stride: detectorStride };
  const found: Detection[][] = [];
  for (let start = 0; start < numbers.length; start += batchSize) {
    signal?.throwIfAborted();
    onProgress?.(start, numbers.length);
    const chosen = numbers.slice(start, start + batchSize);
    const { pixels } = await examples.readBatch(chosen);
    const maps = await session.maps(fromBytes(pixels as Uint8Array));
    for (const [i, each] of maps.entries()) {
      found.push(decodeMaps(each, grid, { overlap, picture: pictures[chosen[i]] }));
    }
  }
  return found;
}
