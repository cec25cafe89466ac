import type { Runtime } from "../../core/runtime/session.js";
import { drawBoxes } from "../../data/detection/draw-boxes.js";
import { decodeImage } from "../../data/images/decode.js";
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

/** Draws what a detector finds in some of the held-out pictures, with the weights as they are. */
export function detectionSampler(
  runtime: Runtime,
  model: Detector,
  weights: Weights,
  { validation, classes, shape }: PreparedDetection,
  thresholdOf: () => number,
): () => Promise<{ bytes: Uint8Array; ending: string }> {
  const numbers = evenly(validation.pictures.length, shownCount);
  // As they are learned from: stretched.
  const pictures = validation.pictures.map((picture) => ({ ...picture, ...shape }));
  const size = shape.channels * shape.height * shape.width;
  return async () => {
    const session = await compileDetector(runtime, model, weights);
    const found = await foundIn(session, { ...validation, pictures }, numbers);
    await session.release();
    const { pixels } = await validation.examples.readBatch(numbers);
    const shown = new Float32Array(pixels.length);
    for (const [i, boxes] of found.entries()) {
      const picture = await encodePng((pixels as Uint8Array).subarray(i * size, (i + 1) * size), shape);
      const sure = boxes.filter(({ score }) => score >= thresholdOf());
      const drawn = await drawBoxes(picture, "a sample", sure, classes, "png");
      shown.set(fromBytes(await decodeImage(drawn, "a sample", shape)), i * size);
    }
    const grid = imageGrid(shown, shape, { columns });
    return { bytes: await encodePng(grid.pixels, grid), ending: ".png" };
  };
}
