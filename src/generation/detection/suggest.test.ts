import { expect, it } from "vitest";
import type { Detection } from "../../data/detection/boxes.js";
import { byUncertainty, uncertaintyOf } from "./suggest.js";

const boxes = (...scores: number[]): Detection[] =>
  scores.map((score) => ({ left: 0, top: 0, right: 1, bottom: 1, label: 0, score }));

it("a model is the less sure of a picture the nearer its boxes are to one half, and the more there are", () => {
  expect(uncertaintyOf([])).toBe(0);
  expect(uncertaintyOf(boxes(0, 1))).toBe(0);
  expect(uncertaintyOf(boxes(0.5))).toBe(1);
  expect(uncertaintyOf(boxes(0.25, 0.75, 0.5))).toBe(1.5);
});

it("pictures come in the order of what they would teach, equal ones by name", () => {
  const pictures = [
    { name: "b", detections: boxes(0.9) },
    { name: "Z", detections: boxes(0.9) },
    { name: "a", detections: boxes(0.9) },
    { name: "unsure", detections: boxes(0.5, 0.05) },
    { name: "empty", detections: [] },
  ];
  const ordered = byUncertainty(pictures);
  expect(ordered.map(({ name }) => name)).toEqual(["unsure", "Z", "a", "b", "empty"]);
  expect(ordered[0].uncertainty).toBeCloseTo(1.01, 12);
});
