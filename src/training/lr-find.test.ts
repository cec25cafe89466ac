import { describe, expect, it } from "vitest";
import { shardsOf, tinyTokens, tinyTrainer } from "../../test/tiny.js";
import { trainingBatch } from "../data/text/batches.js";
import { adamw } from "../optim/adamw.js";
import { findLearningRate, type RatePoint } from "./lr-find.js";
import type { BatchAt, Trainer } from "./trainer.js";

const shape = { batchSize: 2, contextLength: 16 };
const data: BatchAt = (step) => trainingBatch(shardsOf(tinyTokens(400)), { seed: 1, step, ...shape });

/** A trainer whose loss is a function of the rate. */
function scripted(lossAt: (lr: number, step: number) => number, baseLr: number): Trainer {
  const step: Trainer["step"] = async (_, step, factor) => ({
    loss: lossAt(factor * baseLr, step),
    metrics: {},
    gradientNorm: 1,
    dataWaitMs: 0,
  });
  return { step } as Trainer;
}

describe("findLearningRate", () => {
  it("suggests a rate between the ends, below the one where the loss is lowest", async () => {
    const range = { baseLr: 1e-3, from: 1e-5, to: 10, steps: 60 };
    const trainer = await tinyTrainer({ optimizer: adamw({ lr: range.baseLr }) });
    const told: RatePoint[] = [];
    const { points, suggestion } = await findLearningRate(trainer, data, range, (point) => told.push(point));
    expect(told).toEqual(points);
    expect(points[0].lr).toBeCloseTo(1e-5, 12);
    const lowest = points.reduce((low, point) => (point.loss < low.loss ? point : low));
    expect(suggestion).toBeGreaterThan(range.from);
    expect(suggestion).toBeLessThanOrEqual(lowest.lr);
    expect(lowest.loss).toBeLessThan(points[0].loss);
  });

  it("ends when the loss explodes or is no number", async () => {
    const range = { baseLr: 1, from: 1e-3, to: 1, steps: 50 };
    const exploding = scripted((_, step) => (step < 10 ? 3 - step / 10 : 1000), 1);
    expect((await findLearningRate(exploding, data, range)).points).toHaveLength(11);
    const broken = scripted((_, step) => (step < 10 ? 3 - step / 10 : Number.NaN), 1);
    expect((await findLearningRate(broken, data, range)).points).toHaveLength(10);
  });

  it("rises by equal factors from the first rate to the last", async () => {
    const range = { baseLr: 0.5, from: 1e-4, to: 1, steps: 5 };
    const { points } = await findLearningRate(
      scripted(() => 3, 0.5),
      data,
      range,
    );
    [1e-4, 1e-3, 1e-2, 1e-1, 1].forEach((lr, i) => void expect(points[i].lr / lr).toBeCloseTo(1, 10));
    const single = await findLearningRate(
      scripted(() => 3, 0.5),
      data,
      { ...range, steps: 1 },
    );
    expect(single.points.map(({ lr }) => lr)).toEqual([1e-4]);
  });

  it("suggests nothing when the loss only rises", async () => {
    const range = { baseLr: 1, from: 1e-3, to: 1, steps: 20 };
    expect(
      (
        await findLearningRate(
          scripted((_, step) => 3 + step, 1),
          data,
          range,
        )
      ).suggestion,
    ).toBeUndefined();
  });
});
