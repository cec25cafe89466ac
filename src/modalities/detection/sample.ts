import type { Runtime } from "../../core/runtime/session.js";
import { drawBoxes } from "../../data/detection/draw-boxes.js";
import { fromBytes } from "../../data/images/image-batches.js";
import { encodePng } from "../../data/images/write-images.js";
import { compileDetector } from "../../generation/detection/detector-session.js";
import { imageGrid } from "../../generation/images/pictures.js";
import type { Detector } from "../../models/detector.js";
import type { Weights } from "../../nn/weights.js";
import { evenly, foundIn } from "./found.js";
import type { PreparedDetection } from "./prepared.js";

/** So many held-out pictures are shown, beside each other. */
const shownCount = 6;
const columns = 3;
const padding = 2;

/** Draws what a detector finds in some of the held-out pictures, with the weights as they are. */
export function detectionSampler(
  runtime: Runtime,
  model: Detector,
  weights: Weights,
  { validation, classes, shape }: PreparedDetection,
  thresholdOf: () => number,
): () => Promise<{ bytes: Uint8Array; ending: string }> {
  const numbers = evenly(validation.pictures.length, shownCount);
  return async () => {
    const session = await compileDetector(runtime, model, weights);
    const found = await foundIn(session, validation, numbers);
    await session.release();
    const { pixels } = await validation.examples.readBatch(numbers);
    const grid = imageGrid(fromBytes(pixels as Uint8Array), shape, { columns, padding });
    const moved = found.flatMap((boxes, i) => {
      const { width, height } = validation.pictures[numbers[i]];
      const [across, down] = [shape.width / width, shape.height / height];
      const x = padding + (i % columns) * (shape.width + padding);
      const y = padding + Math.floor(i / columns) * (shape.height + padding);
      const sure = boxes.filter(({ score }) => score >= thresholdOf());
      return sure.map(({ left, top, right, bottom, ...box }) => ({
        ...box,
        left: x + left * across,
        right: x + right * across,
        top: y + top * down,
        bottom: y + bottom * down,
      }));
    });
    const drawn = await drawBoxes(await encodePng(grid.pixels, grid), "samples", moved, classes, "png");
    return { bytes: drawn, ending: ".png" };
  };
}
