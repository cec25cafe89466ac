import { describe, expect, it } from "vitest";
import { randomStream } from "../../core/random.js";
import type { Box } from "../../data/detection/boxes.js";
import { denseTargets } from "./targets.js";

const grid = { height: 40, width: 64, stride: 8 };
const columns = 8;

const box = (left: number, top: number, right: number, bottom: number, label = 0): Box => ({
  left,
  top,
  right,
  bottom,
  label,
});

/** Rows of the class map: "." for background, "x" for ignored, else the class. */
function drawn(boxes: readonly Box[]): string[] {
  const marks = [...denseTargets(boxes, grid).classMap].map((label) => "x."[label + 2] ?? `${label}`);
  return Array.from({ length: 5 }, (_, row) => marks.slice(row * columns, (row + 1) * columns).join(""));
}

describe("denseTargets", () => {
  it("takes the cells whose centres lie within 1.5 strides of the middle of a box", () => {
    expect(drawn([box(0, 0, 64, 40, 3)])).toEqual([
      "........",
      "...33...",
      "...33...",
      "...33...",
      "........",
    ]);
    expect(drawn([box(12, 12, 30, 20, 1)])).toEqual([
      "........", // centres in y: 4, 12 (on the edge), 20 (on the edge)
      "........",
      "........",
      "........",
      "........",
    ]);
    expect(drawn([box(12, 11, 29, 20, 1)])[1]).toBe("..11....");
  });

  it("measures from a cell's centre to the sides", () => {
    const { classMap, boxMap, missed } = denseTargets([box(10.5, 2, 21, 13.25, 2)], grid);
    const cells = [...classMap.keys()].filter((cell) => classMap[cell] === 2);
    expect(cells).toEqual([1, 2, 9, 10]); // centres at x 12 and 20, y 4 and 12
    const distances = (cell: number) => [0, 1, 2, 3].map((side) => boxMap[side * 40 + cell]);
    expect(distances(1)).toEqual([1.5, 2, 9, 9.25]);
    expect(distances(10)).toEqual([9.5, 10, 1, 1.25]);
    expect(distances(0)).toEqual([0, 0, 0, 0]);
    expect(missed).toBe(0);
  });

  it("gives a cell to the smaller box, whatever the order, and to the first of equal ones", () => {
    const [large, small] = [box(0, 0, 64, 40, 0), box(24, 8, 34, 18, 1)];
    const expected = ["........", "...10...", "...00...", "...00...", "........"];
    expect(drawn([large, small])).toEqual(expected);
    expect(drawn([small, large])).toEqual(expected);
    expect(drawn([box(0, 0, 9, 9, 4), box(0, 0, 9, 9, 5)])[0][0]).toBe("4");
  });

  it("ignores what lies in ignored boxes, but for other boxes' cells", () => {
    const crowd = { ...box(0, 0, 32, 16, 0), ignored: true };
    expect(drawn([box(0, 0, 8, 8, 2), crowd]).slice(0, 3)).toEqual(["2xxx....", "xxxx....", "........"]);
  });

  it("counts boxes that no cell learns: too small, without area, hidden", () => {
    const tiny = box(5, 5, 7, 7);
    const flat = box(4, 3, 4, 30);
    expect(denseTargets([tiny, flat], grid).missed).toBe(2);
    expect(denseTargets([box(0, 0, 8, 8), box(0, 0, 8, 8)], grid).missed).toBe(1);
    expect(denseTargets([box(Number.NaN, 0, 8, 8)], grid).missed).toBe(1);
  });

  it("learns background from a picture without boxes", () => {
    const { classMap, boxMap, missed } = denseTargets([], grid);
    expect(new Set(classMap)).toEqual(new Set([-1]));
    expect(new Set(boxMap)).toEqual(new Set([0]));
    expect(missed).toBe(0);
  });

  it("takes ten thousand boxes, inside the picture or not", () => {
    const random = randomStream(1, "boxes");
    const many = Array.from({ length: 10_000 }, () => {
      const [x, y] = [80 * random.uniform() - 8, 60 * random.uniform() - 8];
      return box(x, y, x + 1 + 30 * random.uniform(), y + 1 + 30 * random.uniform(), random.integer(5));
    });
    const { classMap, boxMap, missed } = denseTargets(many, grid);
    expect(missed).toBeGreaterThanOrEqual(10_000 - 40);
    const learned = classMap.filter((label) => label >= 0).length;
    expect(boxMap.filter((distance) => distance > 0)).toHaveLength(4 * learned);
    expect(learned).toBeGreaterThan(30);
  });
});
