/** A small detector that has learned nothing and finds things all the same. */
import { randomStream } from "../src/core/random.js";
import { denseDetector } from "../src/models/dense-detector.js";
import { featurePyramid } from "../src/models/feature-pyramid.js";
import { vitCells } from "../src/models/vit-cells.js";

const sizes = { channels: 3, height: 64, width: 96 };

const encoders = {
  pyramid: () =>
    featurePyramid({
      ...{ ...sizes, stemWidth: 8, stageWidths: [8, 8, 16], blocksPerStage: [1, 1, 1] },
      ...{ mapWidth: 8, groups: 2 },
    }),
  transformer: () =>
    vitCells({
      ...{ ...sizes, patchSize: 16, embedWidth: 32, numLayers: 2, numHeads: 2 },
      ...{ mlpWidth: 64, mapWidth: 8 },
    }),
};

interface RandomDetectorOptions {
  readonly over?: keyof typeof encoders;
  readonly numClasses?: number;
  /** The larger, the more is found. */
  readonly bias?: number;
}

/** With its weights, the same each time. */
export function randomDetector({
  over = "pyramid",
  numClasses = 3,
  bias = -3.5,
}: RandomDetectorOptions = {}) {
  const encoder = encoders[over]();
  const model = denseDetector(encoder, { numClasses, towerLayers: 1, groups: 2 });
  const weights = new Map(
    model.parameters.map(({ name, shape }) => {
      const stream = randomStream(5, name);
      const length = shape.reduce((a, b) => a * b, 1);
      const isKernel = shape.length === 4;
      const spread = isKernel ? Math.sqrt((name.includes("cls_logits") ? 12 : 2) / (length / shape[0])) : 0.2;
      const centre = name.endsWith("cls_logits.bias") ? bias : Number(!isKernel && name.endsWith("weight"));
      return [name, { shape, data: Float32Array.from({ length }, () => centre + spread * stream.normal()) }];
    }),
  );
  return { model, weights };
}
