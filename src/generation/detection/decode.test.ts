import { describe, expect, it } from "vitest";
import { randomStream } from "../../core/random.js";
import type { Box, Detection } from "../../data/detection/boxes.js";
import { denseTargets } from "../../features/detection/targets.js";
import { type CellMaps, decodeMaps } from "./decode.js";
import { suppress } from "./suppress.js";

const grid = { height: 40, width: 64, stride: 8 };
const cells = 40;

/** The maps of a detector that says what the targets say, as surely as `logit`. */
function mapsOf(boxes: readonly Box[], numClasses: number, logit = 6): CellMaps {
  const { classMap, boxMap } = denseTargets(boxes, grid);
  const classes = new Float32Array(numClasses * cells).fill(-20);
  classMap.forEach((label, cell) => {
    if (label >= 0) classes[label * cells + cell] = logit;
  });
  return { classes, distances: boxMap, quality: new Float32Array(cells).fill(logit) };
}

const box = (left: number, top: number, right: number, bottom: number, label = 0): Box => ({
  left,
  top,
  right,
  bottom,
  label,
});

const withoutScores = (found: readonly Detection[]) => found.map(({ score: _, ...box }) => box);

describe("decodeMaps", () => {
  it("finds the boxes that the targets were made of, each once", () => {
    const boxes = [box(2, 3, 21, 13, 2), box(30.5, 4, 61.25, 37.5, 0), box(30, 5, 60, 37, 1)];
    const found = decodeMaps(mapsOf(boxes.slice(0, 2), 3), grid);
    expect(withoutScores(found).toSorted((a, b) => a.left - b.left)).toEqual(boxes.slice(0, 2));
    // Another class in the same place is another thing.
    const both = mapsOf([boxes[2]], 3);
    both.classes.set(both.classes.slice(cells, 2 * cells), 0);
    expect(withoutScores(decodeMaps(both, grid)).map(({ label }) => label)).toEqual([0, 1]);
  });

  it("scores a box by the geometric mean of class and quality", () => {
    const maps = mapsOf([box(0, 0, 8, 8)], 1, 0);
    expect(decodeMaps(maps, grid).map(({ score }) => score)).toEqual([0.5]);
    maps.quality.fill(-2);
    const quality = 1 / (1 + Math.exp(2));
    expect(decodeMaps(maps, grid)[0].score).toBeCloseTo(Math.sqrt(0.5 * quality), 12);
    expect(decodeMaps(maps, grid, { threshold: 0.3 })).toEqual([]);
  });

  it("stretches boxes to the picture's size and cuts them off at the borders", () => {
    const maps = mapsOf([box(-9, 5, 20, 60, 0)], 1);
    const found = decodeMaps(maps, grid, { picture: { width: 128, height: 400 } });
    expect(withoutScores(found)).toEqual([box(0, 50, 40, 400, 0)]);
  });

  it("finds nothing in an empty picture, in one of no number, and no box without area", () => {
    expect(decodeMaps(mapsOf([], 3), grid)).toEqual([]);
    const maps = mapsOf([box(0, 0, 8, 8)], 1);
    maps.quality.fill(Number.NaN);
    expect(decodeMaps(maps, grid)).toEqual([]);
    maps.quality.fill(6);
    maps.distances.fill(0);
    expect(decodeMaps(maps, grid)).toEqual([]);
  });
});

describe("suppress", () => {
  const sure = (score: number, left: number, label = 0): Detection => ({
    ...{ left, top: 0, right: left + 10, bottom: 10, label },
    score,
  });

  it("keeps the surest of a class that overlap, in the order of their scores", () => {
    const [a, b, c, other] = [sure(0.6, 0), sure(0.9, 2), sure(0.7, 30), sure(0.5, 1, 1)];
    expect(suppress([a, b, c, other])).toEqual([b, c, other]); // 8 of 12 shared
    expect(suppress([a, b, c, other], { overlap: 0.7 })).toEqual([b, c, a, other]);
    expect(suppress([a, b, c, other], { limit: 1 })).toEqual([b]);
    expect(suppress([])).toEqual([]);
  });

  it("forgets a box at the very overlap, and lets one that is gone hide nothing", () => {
    const [first, third, far] = [sure(0.9, 0), sure(0.8, 10 / 3), sure(0.7, 20 / 3)];
    // Moved by a third of its side, a box shares 2 of 4 thirds.
    expect(suppress([first, third, far], { overlap: 0.4999 })).toEqual([first, far]);
  });

  it("keeps the first of equally sure ones", () => {
    expect(suppress([sure(0.5, 0), sure(0.5, 1)])).toEqual([sure(0.5, 0)]);
  });

  it("leaves a hundred of ten thousand, none of which overlap", () => {
    const random = randomStream(1, "boxes");
    const many = Array.from({ length: 10_000 }, () => ({
      ...sure(random.uniform(), 2000 * random.uniform(), random.integer(3)),
    }));
    const kept = suppress(many);
    expect(kept).toHaveLength(100);
    expect(kept[0].score).toBe(Math.max(...many.map(({ score }) => score)));
    for (const [i, a] of kept.entries()) {
      const close = kept.slice(i + 1).filter((b) => b.label === a.label && Math.abs(a.left - b.left) < 3.3);
      expect(close).toEqual([]); // a third of the side is half an overlap
    }
  });
});
