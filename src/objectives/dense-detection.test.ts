import { expect, it } from "vitest";
import { evaluate } from "../../test/evaluate.js";
import { constant } from "../core/graph/tensor.js";
import { boxOverlap } from "./box-overlap.js";
import { backgroundCell, denseDetection, ignoredCell } from "./dense-detection.js";
import { ObjectiveError } from "./errors.js";

const shape = { batchSize: 2, channels: 3, height: 16, width: 24 };

/** Of two boxes by their distances to the left, top, right and bottom. */
async function overlapOf(a: number[], b: number[]): Promise<[iou: number, giou: number]> {
  const box = (distances: number[]) => constant<"b c h w">(distances, [1, 4, 1, 1]);
  const { iou, giou } = await evaluate(boxOverlap(box(a), box(b)));
  return [iou[0], giou[0]];
}

it("tells how far boxes overlap, and what neither fills", async () => {
  expect(await overlapOf([3, 1, 5, 9], [3, 1, 5, 9])).toEqual([1, 1]);
  expect(await overlapOf([2, 2, 2, 2], [1, 1, 1, 1])).toEqual([0.25, 0.25]);
  // A cross: 4 of 12 square pixels, in a square of 16.
  const [iou, giou] = await overlapOf([2, 1, 2, 1], [1, 2, 1, 2]);
  expect(iou).toBeCloseTo(1 / 3, 6);
  expect(giou).toBeCloseTo(1 / 3 - 1 / 4, 6);
});

it("knows no overlap of boxes without area", async () => {
  expect(await overlapOf([0, 0, 0, 0], [0, 0, 0, 0])).toEqual([0, 0]);
  expect(await overlapOf([0, 0, 0, 0], [1, 1, 1, 1])).toEqual([0, 0]);
});

it("announces maps of cells, and refuses images that cells do not cover", () => {
  const { images, classMap, boxMap } = denseDetection().batch(shape);
  expect([images.shape, classMap.shape, boxMap.shape]).toEqual([
    [2, 3, 16, 24],
    [2, 2, 3],
    [2, 4, 2, 3],
  ]);
  expect(() => denseDetection().batch({ ...shape, height: 20 })).toThrow(ObjectiveError);
});

it("counts cells with a box, and a batch without any once", () => {
  const counted = (...classMap: number[]) => denseDetection().count({ classMap: Int32Array.from(classMap) });
  expect(counted(0, backgroundCell, 4, ignoredCell, 0)).toBe(3);
  expect(counted(backgroundCell, ignoredCell)).toBe(1);
});
