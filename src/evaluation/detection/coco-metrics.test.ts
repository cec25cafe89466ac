import { describe, expect, it } from "vitest";
import type { Box, Detection } from "../../data/detection/boxes.js";
import { cocoMetrics } from "./coco-metrics.js";
import { countErrors } from "./count-error.js";
import { bestPoint, scoreCurve } from "./score-curve.js";

const numClasses = 2;

/** From left, top, width, height. */
function box(label: number, [left, top, width, height]: number[], ignored = false): Box {
  return { left, top, right: left + width, bottom: top + height, label, ignored };
}

function found(label: number, place: number[], score: number): Detection {
  return { ...box(label, place), score };
}

/** Three pictures; the numbers are pycocotools' with annotations numbered from 1. */
const truth = [
  [box(0, [10, 10, 20, 20]), box(0, [50, 50, 40, 40]), box(1, [5, 60, 100, 100])],
  [box(0, [0, 0, 30, 30]), box(0, [60, 0, 120, 50], true)],
  [box(1, [20, 20, 50, 60])],
];
const detections = [
  [
    found(0, [11, 11, 20, 20], 0.9),
    found(0, [52, 48, 40, 44], 0.8),
    found(0, [10, 10, 20, 20], 0.7),
    found(1, [5, 70, 100, 90], 0.6),
    found(0, [200, 200, 20, 20], 0.55),
  ],
  [found(0, [2, 2, 30, 30], 0.95), found(0, [70, 5, 30, 30], 0.5), found(0, [100, 10, 40, 30], 0.4)],
  [found(1, [25, 25, 50, 60], 0.3), found(0, [20, 20, 50, 60], 0.35)],
];

describe("COCO's metrics", () => {
  it("are pycocotools' where a crowd, a double and a stray were found, whatever annotations are called", () => {
    const { perClass, ...all } = cocoMetrics(truth, detections, { numClasses });
    const expected = {
      ap: 0.6857260726072607,
      ap50: 1,
      ap75: 0.7524752475247525,
      apSmall: 0.6757425742574258,
      apMedium: 0.6,
      apLarge: 0.9,
      ar1: 0.5666666666666667,
      ar10: 0.7333333333333334,
      ar100: 0.7333333333333334,
      arSmall: 0.8,
      arMedium: 0.6,
      arLarge: 0.9,
    };
    for (const [name, value] of Object.entries(expected)) {
      expect(all[name as keyof typeof all], name).toBeCloseTo(value, 12); // sums in another order
    }
    expect(perClass.map((one) => one?.count)).toEqual([3, 2]);
    expect(perClass[1]?.curve[100]).toEqual({ recall: 1, precision: 1, score: 0.3 });
  });

  it("leave a class out that is nowhere to be found, and are undefined where nothing is", () => {
    const three = cocoMetrics(truth, detections, { numClasses: 3 });
    expect(three.perClass[2]).toBeUndefined();
    expect(three.ap).toBeCloseTo(0.6857260726072607, 12);
    const none = cocoMetrics([[]], [[found(0, [0, 0, 5, 5], 1)]], { numClasses });
    expect([none.ap, none.ar1, none.apSmall]).toEqual([undefined, undefined, undefined]);
    expect(cocoMetrics(truth, [[], [], []], { numClasses }).ap).toBe(0);
  });

  it("take an object's own area for its size", () => {
    const outlined = [[{ ...box(0, [0, 0, 40, 40]), area: 900 }]];
    const metrics = cocoMetrics(outlined, [[found(0, [0, 0, 40, 40], 1)]], { numClasses });
    expect([metrics.apSmall, metrics.apMedium]).toEqual([expect.closeTo(1, 12), undefined]);
  });

  it("count a hundred detections of 10,000 boxes in one picture", () => {
    const grid = Array.from({ length: 10_000 }, (_, i) => [(i % 100) * 10, Math.floor(i / 100) * 10, 8, 8]);
    const boxes = [grid.map((place) => box(0, place))];
    const all = [grid.map((place) => found(0, place, 0.5))];
    expect(cocoMetrics(boxes, all, { numClasses }).ar100).toBeCloseTo(0.01, 12);
  });

  it("refuse lists of other lengths, labels of no class and detections without a score", () => {
    const measure = (boxes: Box[][], detected: Detection[][]) => () =>
      cocoMetrics(boxes, detected, { numClasses });
    expect(measure(truth, [[]])).toThrow(/3 and 1 pictures/);
    expect(measure([[box(2, [0, 0, 1, 1])]], [[]])).toThrow(/label 2 in picture 0, with 2 classes/);
    expect(measure([[]], [[found(1, [0, 0, 1, 1], Number.NaN)]])).toThrow(/NaN/);
  });
});

describe("the curve by score", () => {
  it("has precision and recall at each score, and a best threshold", () => {
    const curve = scoreCurve(truth, detections, { numClasses });
    expect(curve[0]).toEqual({ score: 0.95, precision: 1, recall: 0.2, f1: 2 / 6 });
    // Two detections lie in the crowd: neither right nor wrong.
    expect(curve.at(-1)).toEqual({ score: 0.3, precision: 5 / 8, recall: 1, f1: 10 / 13 });
    expect(bestPoint(curve)?.score).toBe(0.6);
    expect(bestPoint(scoreCurve([[]], [[]], { numClasses }))).toBeUndefined();
  });

  it("takes what is as sure together", () => {
    const boxes = [[box(0, [0, 0, 10, 10])]];
    const both = [[found(0, [0, 0, 10, 10], 0.5), found(1, [50, 0, 10, 10], 0.5)]];
    expect(scoreCurve(boxes, both, { numClasses })).toEqual([
      { score: 0.5, precision: 0.5, recall: 1, f1: 2 / 3 },
    ]);
  });
});

it("errors of counts are by picture and class, without what lies in a crowd", () => {
  const errors = countErrors(truth, detections, { numClasses, threshold: 0.4 });
  // 5 for 3, 1 for 1, 0 for 1.
  expect(errors).toMatchObject({ absolute: 1, bias: 1 / 3, truth: 5, counted: 6 });
  expect(errors.perClass[0]).toEqual({ absolute: 2 / 3, bias: 2 / 3, truth: 3, counted: 5 });
  expect(errors.perClass[1]).toEqual({ absolute: 1 / 3, bias: -1 / 3, truth: 2, counted: 1 });
});
