/**
 * Dense detection (FCOS: Tian et al. 2019, equation 2): classes by the focal loss over all cells, boxes by generalised
 * overlap and their quality by cross-entropy with the overlap reached, both over the cells that have a box. Each part is
 * summed and divided by the number of those cells. Departures: boxes count twice, quality half and not weighted by
 * centre-ness.
 */
import { known } from "../core/graph/size.js";
import { constant, type Tensor, type TensorType } from "../core/graph/tensor.js";
import { add, cast, div, maximum, mul, sub } from "../core/ops/elementwise.js";
import { equal, greaterOrEqual } from "../core/ops/logic.js";
import { reshape, sum } from "../core/ops/movement.js";
import type { Batch } from "../data/training-data.js";
import { type DetectionMaps, type Detector, detectorStride } from "../models/detector.js";
import { binaryCrossEntropy, focalLoss } from "./binary-losses.js";
import { boxOverlap } from "./box-overlap.js";
import { ObjectiveError } from "./errors.js";
import type { ImageBatchShape, ImageObjective } from "./image-objective.js";
import type { MeasuredLoss } from "./objective.js";

/** In `classMap`, the class of a cell without a thing. */
export const backgroundCell = -1;
/** In `classMap`, the class of a cell of which nothing is to be learned. */
export const ignoredCell = -2;

const boxWeight = 2;
const qualityWeight = 0.5;

/** What each cell should say. */
export interface DetectionTargets {
  /** int64: a class, `backgroundCell` or `ignoredCell`. */
  readonly classMap: Tensor<"b y x">;
  /** Where there is a class, the distances to the box's left, top, right and bottom in pixels of the input. */
  readonly boxMap: Tensor<"b c h w">;
}

/** The loss of what a detector says of a batch, its parts, and the mean overlap of its boxes with the right ones. */
export function denseDetectionLoss(
  { classes, distances, quality }: DetectionMaps,
  { classMap, boxMap }: DetectionTargets,
): MeasuredLoss {
  const [batch, numClasses, rows, columns] = classes.shape;
  const labels = reshape<"b c h w">(classMap, [batch, 1, rows, columns]);
  const counted = cast(greaterOrEqual(labels, backgroundCell), classes.dtype);
  const positive = cast(greaterOrEqual(labels, 0), classes.dtype);
  const share = (x: Tensor): Tensor<""> => div(sum<"">(x), maximum(sum<"">(positive), 1));

  const right = cast(equal(labels, classNumbers(known(numClasses))), classes.dtype); // b k y x
  const { iou, giou } = boxOverlap(distances, boxMap);
  const classLoss = share(mul(focalLoss(classes, right), counted));
  const boxLoss = share(mul(sub(1, giou), positive));
  const qualityLoss = share(mul(binaryCrossEntropy(quality, iou), positive));
  return {
    loss: add(classLoss, add(mul(boxLoss, boxWeight), mul(qualityLoss, qualityWeight))),
    metrics: { classLoss, boxLoss, qualityLoss, overlap: share(mul(iou, positive)) },
  };
}

function classNumbers(count: number): Tensor {
  return constant([...Array(count).keys()], [1, count, 1, 1], "int64");
}

/**
 * Dense detection as training asks for it: batches of `images`, `classMap` and `boxMap`, whose cells are those of the
 * detector; see `DetectionTargets`. What a batch counts is its cells with a box, at least one, by whose number its loss
 * is divided: so a mean over batches is that over all cells. An image that only fills a batch up has ignored cells alone.
 */
export function denseDetection(): Omit<ImageObjective<Detector>, "complete"> {
  return {
    batch: ({ batchSize, channels, height, width }: ImageBatchShape): Record<string, TensorType> => {
      const [rows, columns] = [cellsOf("height", height), cellsOf("width", width)];
      return {
        images: { dtype: "float32", shape: [batchSize, channels, height, width] },
        classMap: { dtype: "int64", shape: [batchSize, rows, columns] },
        boxMap: { dtype: "float32", shape: [batchSize, 4, rows, columns] },
      };
    },
    loss: (model, p, { images, classMap, boxMap }) =>
      denseDetectionLoss(model.maps(p, images), { classMap, boxMap }),
    counts: "cells",
    count: ({ classMap }: Batch) =>
      Math.max(
        1,
        (classMap as Int32Array).reduce((count, label) => count + Number(label >= 0), 0),
      ),
  };
}

function cellsOf(side: string, pixels: number): number {
  if (pixels % detectorStride === 0) return pixels / detectorStride;
  throw new ObjectiveError(
    "cells do not cover the image",
    `a ${side} of ${pixels} pixels in cells of ${detectorStride}`,
    `choose a ${side} that is a multiple of ${detectorStride}`,
  );
}
