import { expect, it } from "vitest";
import { trainingTables } from "./training-table.js";

const trained = { unitsPerSecond: 12_345, peakBytes: 5.2e9, loss: 1 };
const small = { name: "small", shape: "a shape", unit: "tokens", parameters: 124e6, ours: trained };
const compared = {
  ...small,
  gflops: 80,
  pytorch: { ...trained, form: "eager, threads asleep", gemmGflops: 90, forms: {} },
  bfloat16: { ...trained, form: "bfloat16, eager", gemmGflops: 90 },
  ratio: { median: 1.5, min: 1.25, max: 2 },
  int8: { ...trained, gflops: 120, overFloat32: { median: 1.4, min: 1.3, max: 1.6 } },
  int8Ratio: { median: 2.1, min: 2, max: 2.2 },
};
const other = { ...small, name: "other", shape: "dots", unit: "points", parameters: 4e6 };

it("has a table for each unit, with operations where one of it counts them", () => {
  const [tokens, points, ...rest] = trainingTables([compared, other, small], 100);
  expect(rest).toEqual([]);
  expect(tokens.split("\n")).toEqual([
    "| a training step on tokens, float32, AdamW | tokens/s | PyTorch tokens/s | ratio (min..max) " +
      "| GFLOP/s | of peak | peak memory | PyTorch's |",
    "| --- | --: | --: | --: | --: | --: | --: | --: |",
    "| a shape (124.0M) | 12,300 | 12,300 (eager, threads asleep) | 1.50 (1.25..2.00) | 80 | 80% | 5.2 GB | 5.2 GB |",
    "| in int8: 1.40 (1.30..1.60) times float32 | 12,300 |  | 2.10 (2.00..2.20) | 120 | 120% | 5.2 GB |  |",
    "| PyTorch in bfloat16 |  | 12,300 (bfloat16, eager) |  |  |  |  | 5.2 GB |",
    "| a shape (124.0M) | 12,300 | - | - | - | - | 5.2 GB | - |",
  ]);
  expect(points.split("\n")).toEqual([
    "| a training step on points, float32, AdamW | points/s | PyTorch points/s | ratio (min..max) | peak memory | PyTorch's |",
    "| --- | --: | --: | --: | --: | --: |",
    "| dots (4.0M) | 12,300 | - | - | 5.2 GB | - |",
  ]);
});
