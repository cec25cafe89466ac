/** COCO's numbers against pycocotools, on random boxes. See make_coco_goldens.py. */
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import type { Box, Detection } from "../../src/data/detection/boxes.js";
import { cocoMetrics } from "../../src/evaluation/detection/coco-metrics.js";

/** Left, top, width, height. */
type Place = [number, number, number, number];

interface Case {
  pictures: number;
  /** Picture, label, place, whether a crowd, area. */
  truth: [number, number, Place, number, number][];
  /** Picture, label, place, score. */
  detections: [number, number, Place, number][];
  stats: number[];
  classes: number[][];
  /** Precision and score of the first class at recall 0, 0.1, ... 1. */
  curve: [number[], number[]];
}

/** A Python that has pycocotools 2.0.11. */
const python = process.env.COCO_PYTHON;
const secondsAtMost = 300; // on a busy machine
const numClasses = 3;
/** Sums in another order. */
const tolerance = 1e-12;

const edges = ([left, top, width, height]: Place) => ({
  left,
  top,
  right: left + width,
  bottom: top + height,
});

/** All numbers of a case as pycocotools has them, -1 for none. */
function ours({ pictures, truth, detections }: Case): number[] {
  const boxes: Box[][] = Array.from({ length: pictures }, () => []);
  const found: Detection[][] = Array.from({ length: pictures }, () => []);
  for (const [picture, label, place, crowd, area] of truth) {
    boxes[picture].push({ ...edges(place), label, area, ignored: crowd === 1 });
  }
  for (const [picture, label, place, score] of detections)
    found[picture].push({ ...edges(place), label, score });
  const { perClass, ...all } = cocoMetrics(boxes, found, { numClasses });
  const stats = [all.ap, all.ap50, all.ap75, all.apSmall, all.apMedium, all.apLarge];
  stats.push(all.ar1, all.ar10, all.ar100, all.arSmall, all.arMedium, all.arLarge);
  const classes = perClass.flatMap((one) =>
    one ? [one.ap, one.ap50, one.ap75, one.ar100] : [-1, -1, -1, -1],
  );
  const tenths = perClass[0]?.curve.filter((_, i) => i % 10 === 0);
  const curve = tenths
    ? [...tenths.map(({ precision }) => precision), ...tenths.map(({ score }) => score)]
    : Array(22).fill(-1);
  return [...stats.map((value) => value ?? -1), ...classes, ...curve];
}

function theirs({ stats, classes, curve }: Case): number[] {
  return [...stats, ...classes.flat(), ...curve.flat()];
}

function wrongOnes(cases: readonly Case[]): Case[] {
  return cases.filter((one) => {
    const [a, b] = [ours(one), theirs(one)];
    return a.length !== b.length || a.some((value, i) => !(Math.abs(value - b[i]) < tolerance));
  });
}

it("equals pycocotools on fifty random sets: AP, AR, each class, precision by recall", () => {
  const cases: Case[] = JSON.parse(
    readFileSync(new URL("goldens/coco-metrics.json", import.meta.url), "utf8"),
  );
  expect(wrongOnes(cases)).toEqual([]);
  expect(cases.length).toBe(50);
});

it.skipIf(!python)(
  "equals the pycocotools of COCO_PYTHON on 200 other sets",
  () => {
    const script = fileURLToPath(new URL("make_coco_goldens.py", import.meta.url));
    const cases: Case[] = JSON.parse(
      execFileSync(python!, [script, "1"], { encoding: "utf8", maxBuffer: 2 ** 28 }),
    );
    expect(wrongOnes(cases)).toEqual([]);
    expect(cases.length).toBe(200);
  },
  1000 * secondsAtMost,
);
