import { describe, expect, it } from "vitest";
import { shapeOf, shardsOf, tinyTokens, tinyTrainer } from "../../test/tiny.js";
import { evaluationBatches } from "../data/text/batches.js";
import type { Batch } from "../data/training-data.js";
import { nextToken } from "../objectives/next-token.js";
import { evaluateLoss, figuresOf } from "./evaluate.js";
import type { CompiledLoss } from "./step.js";

/** The loss of a position is its target: then means can be told by hand. */
const targetAsLoss: CompiledLoss = {
  async run({ targets }: Batch) {
    const counted = [...targets].filter((target) => target >= 0);
    return { loss: counted.reduce((sum, target) => sum + target, 0) / counted.length, metrics: {} };
  },
  counts: "tokens",
  report: nextToken().report,
  count: ({ targets }: Batch) => targets.filter((target) => target >= 0).length,
  async release() {},
};

/** Windows of the tokens 0, 1, 2, ..., two a batch. */
function batches(count: number, contextLength: number, limit?: number) {
  const ramp = shardsOf(Array.from({ length: count }, (_, i) => i));
  return evaluationBatches(ramp, { batchSize: 2, contextLength, limit });
}

describe("evaluateLoss", () => {
  it("averages over tokens, not over batches: the last one is shorter", async () => {
    // Windows of 4 in 21 tokens: targets 1 to 20 in five rows, two a batch.
    const result = await evaluateLoss(targetAsLoss, batches(21, 4), { totals: { tokens: 21, bytes: 42 } });
    expect(result.counts.tokens).toBe(20);
    expect(result.loss).toBeCloseTo(10.5, 12);
    expect(result.report.perplexity).toBeCloseTo(Math.exp(10.5), 6);
    // A token stands for two bytes here.
    expect(result.report.bitsPerByte).toBeCloseTo(10.5 / Math.LN2 / 2, 12);
  });

  it("says what the task says, and names what it counted", async () => {
    const { report: _, ...silent } = targetAsLoss;
    const pairs = await evaluateLoss({ ...silent, counts: "pairs" }, batches(21, 4), {
      totals: { tokens: 21, bytes: 42 },
    });
    expect(figuresOf(pairs)).toEqual({ loss: 10.5, metrics: {}, pairs: 20 });
    const text = await evaluateLoss(targetAsLoss, batches(21, 4));
    expect(Object.keys(figuresOf(text))).toEqual(["loss", "metrics", "perplexity", "tokens"]);
  });

  it("a limit reads a fair part", async () => {
    // The mean of 1000 losses 1 to 4000 in windows of 4: of 50 windows it is known to 4000 / sqrt(12 50) = 163.
    const result = await evaluateLoss(targetAsLoss, batches(4001, 4, 25));
    expect(result.counts.tokens).toBe(200);
    expect(Math.abs(result.loss - 2000.5)).toBeLessThan(3 * 163);
  });

  it("a text shorter than a window counts what it has", async () => {
    const result = await evaluateLoss(targetAsLoss, batches(4, 16));
    expect([result.counts.tokens, result.loss]).toEqual([3, 2]);
  });

  it("is the same for every batch size of a real model", async () => {
    const split = shardsOf(tinyTokens(16 * 7 + 1));
    const losses: number[] = [];
    for (const batchSize of [1, 2, 5]) {
      const trainer = await tinyTrainer({ batchSize });
      const { evaluation } = trainer;
      const shape = shapeOf(trainer);
      const result = await evaluateLoss(evaluation, evaluationBatches(split, shape));
      expect(result.counts.tokens).toBe(16 * 7);
      losses.push(result.loss);
    }
    expect(losses[1]).toBeCloseTo(losses[0], 5);
    expect(losses[2]).toBeCloseTo(losses[0], 5);
  });
});
