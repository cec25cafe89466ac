import { expect, it } from "vitest";
import { randomStream } from "../core/random.js";
import { drawKeep, keepOf } from "./stochastic-depth.js";

const shape = { batchSize: 2, frames: 1, featureWidth: 1, maxLabels: 1 };
const streams = (rows: number) => Array.from({ length: rows }, (_, row) => randomStream(1, "keep", row));

it("leaves later layers out more often, and keeps the mean of what they add", () => {
  const rows = 4000;
  const { keep } = drawKeep({ numLayers: 4, layerDrop: 0.4 }, streams(rows));
  [0.9, 0.8, 0.7, 0.6].forEach((share, layer) => {
    const ofLayer = keep!.subarray(layer * rows, (layer + 1) * rows);
    const kept = ofLayer.filter((weight) => weight > 0);
    // Five deviations of a share of 4000 draws: 5 sqrt(0.24 / 4000) = 0.039 at most.
    expect(Math.abs(kept.length / rows - share)).toBeLessThan(0.039);
    expect(new Set(kept)).toEqual(new Set([Math.fround(1 / share)]));
  });
});

it("draws each row by its own stream, and nothing where no layer is left out", () => {
  const options = { numLayers: 3, layerDrop: 0.5 };
  const both = drawKeep(options, streams(2)).keep!;
  const second = drawKeep(options, [randomStream(1, "keep", 1)]).keep!;
  expect([both[1], both[3], both[5]]).toEqual([...second]);
  expect(keepOf(options, shape)).toEqual({ keep: { dtype: "float32", shape: [3, 2] } });
  expect([drawKeep({ numLayers: 3 }, streams(2)), keepOf({ numLayers: 3 }, shape)]).toEqual([{}, {}]);
});
