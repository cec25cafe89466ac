/** What the detectors of the benchmark are and learn: as bench/pytorch_detector.py has it. */
import { fillUniform, randomStream } from "../../../core/random.js";
import type { Batch } from "../../../data/training-data.js";
import { denseDetector } from "../../../models/dense-detector.js";
import { detectorStride } from "../../../models/detector.js";
import { featurePyramid } from "../../../models/feature-pyramid.js";
import { denseDetection } from "../../../objectives/dense-detection.js";
import { imageTask, type Task } from "../../../objectives/task.js";
import { type BenchDetector, numClasses } from "./detectors.js";

/** About so many cells have no box for each that has one. */
const cellsWithout = 6;

/** A detector of these sizes with its objective, and images and boxes drawn at random. */
export function detectorTask({
  batchSize,
  height,
  width,
}: Pick<BenchDetector, "batchSize" | "height" | "width">): { readonly task: Task; readonly batch: Batch } {
  const shape = { batchSize, channels: 3, height, width };
  const groups = 8;
  const stages = { stemWidth: 16, stageWidths: [32, 64, 128, 128], blocksPerStage: [1, 2, 2, 2] };
  const encoder = featurePyramid({ ...shape, ...stages, mapWidth: 64, groups });
  const model = denseDetector(encoder, { numClasses, towerLayers: 2, groups });
  const random = randomStream(0, "images");
  const images = new Float32Array(batchSize * 3 * height * width);
  fillUniform(images, random, -1, 1);
  const cells = batchSize * (height / detectorStride) * (width / detectorStride);
  const draw = () =>
    Math.max(-1, random.integer(numClasses * (cellsWithout + 1)) - numClasses * cellsWithout);
  const boxMap = new Float32Array(4 * cells);
  fillUniform(boxMap, random, 0, 40);
  return {
    task: imageTask(model, shape, denseDetection()),
    batch: { images, classMap: Int32Array.from({ length: cells }, draw), boxMap },
  };
}
