import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { DataError } from "../../files/errors.js";
import { evaluationBatches, IGNORED_TARGET, trainingBatch, windowsPerEpoch } from "./batches.js";
import type { TokenShards } from "./shards.js";

/** Tokens 0, 1, 2, ...: a token tells its position. */
function counting(tokenCount: number): TokenShards {
  const read = async (start: number, target: Int32Array) => {
    if (start < 0 || start + target.length > tokenCount) throw new Error("outside");
    for (let i = 0; i < target.length; i++) target[i] = start + i;
  };
  return { tokenCount, byteCount: tokenCount, vocabSize: tokenCount, read };
}

function rowStarts(inputs: Int32Array, contextLength: number): number[] {
  return Array.from({ length: inputs.length / contextLength }, (_, row) => inputs[row * contextLength]);
}

describe("trainingBatch", () => {
  it("gives rows of consecutive tokens and their successors", async () => {
    const shape = { seed: 1, step: 5, batchSize: 3, contextLength: 8 };
    const { inputs, targets } = await trainingBatch(counting(500), shape);
    expect(inputs.length).toBe(24);
    expect([...targets]).toEqual([...inputs].map((token) => token + 1));
    const starts = rowStarts(inputs, 8);
    expect([...inputs]).toEqual(starts.flatMap((start) => Array.from({ length: 8 }, (_, i) => start + i)));
  });

  it("is a pure function of seed and step", async () => {
    const shards = counting(5000);
    const at = (seed: number, step: number) =>
      trainingBatch(shards, { seed, step, batchSize: 4, contextLength: 16 });
    expect(await at(1, 123)).toEqual(await at(1, 123));
    expect(await at(1, 123)).not.toEqual(await at(1, 124));
    expect(await at(1, 123)).not.toEqual(await at(2, 123));
  });

  it("repeats no token inside an epoch, and starts each epoch anew", async () => {
    const shape = fc.record({
      seed: fc.integer(),
      batchSize: fc.integer({ min: 1, max: 7 }),
      contextLength: fc.integer({ min: 1, max: 9 }),
      extra: fc.nat(100),
    });
    await fc.assert(
      fc.asyncProperty(shape, async ({ seed, batchSize, contextLength, extra }) => {
        const shards = counting(contextLength + 1 + extra);
        const windows = windowsPerEpoch(shards, contextLength);
        const starts: number[] = [];
        for (let step = 0; step * batchSize < 3 * windows; step++) {
          const { inputs } = await trainingBatch(shards, { seed, step, batchSize, contextLength });
          starts.push(...rowStarts(inputs, contextLength));
        }
        for (let epoch = 0; epoch < 3; epoch++) {
          const ofEpoch = starts.slice(epoch * windows, (epoch + 1) * windows).sort((a, b) => a - b);
          const phase = ofEpoch[0];
          expect(ofEpoch).toEqual(ofEpoch.map((_, i) => phase + i * contextLength));
        }
      }),
      { numRuns: 50 },
    );
  });

  it("reaches every token over the epochs", async () => {
    const seen = new Set<number>();
    for (let step = 0; step < 300; step++) {
      const { inputs } = await trainingBatch(counting(43), { seed: 0, step, batchSize: 4, contextLength: 8 });
      for (const token of inputs) seen.add(token);
    }
    expect(seen.size).toBe(42);
  });

  it("takes a text of exactly one window and refuses a shorter one", async () => {
    const shape = { seed: 0, step: 9, batchSize: 2, contextLength: 4 };
    expect([...(await trainingBatch(counting(5), shape)).inputs]).toEqual([0, 1, 2, 3, 0, 1, 2, 3]);
    const short = trainingBatch(counting(4), shape);
    await expect(short).rejects.toThrow(DataError);
    await expect(short).rejects.toThrow(/too short[\s\S]*4 tokens[\s\S]*5[\s\S]*to do:/);
  });
});

describe("evaluationBatches", () => {
  const all = async (tokenCount: number, batchSize: number, contextLength: number, limit?: number) => {
    const found = [];
    for await (const batch of evaluationBatches(counting(tokenCount), { batchSize, contextLength, limit })) {
      found.push({ inputs: [...batch.inputs], targets: [...batch.targets] });
    }
    return found;
  };

  it("gives the consecutive windows and pads the last batch", async () => {
    expect(await all(12, 2, 3)).toEqual([
      { inputs: [0, 1, 2, 3, 4, 5], targets: [1, 2, 3, 4, 5, 6] },
      { inputs: [6, 7, 8, 0, 0, 0], targets: [7, 8, 9, ...new Array(3).fill(IGNORED_TARGET)] },
    ]);
    expect(await all(13, 2, 3)).toHaveLength(2);
    expect((await all(13, 2, 3))[1].targets).toEqual([7, 8, 9, 10, 11, 12]);
  });

  it("under a limit gives windows from everywhere, the same each time", async () => {
    const sample = await all(1000, 2, 3, 10);
    const starts = sample.flatMap(({ inputs }) => [inputs[0], inputs[3]]);
    expect(starts.every((start) => start % 3 === 0)).toBe(true);
    expect(new Set(starts).size).toBe(20);
    // Half of the text holds none of 20 fair windows once in a million times.
    expect(Math.min(...starts)).toBeLessThan(500);
    expect(Math.max(...starts)).toBeGreaterThan(500);
    expect(await all(1000, 2, 3, 10)).toEqual(sample);
    expect(await all(100, 2, 3, 17)).toEqual(await all(100, 2, 3));
  });

  it("pads a split shorter than a window and refuses one without a prediction", async () => {
    const ignored = [IGNORED_TARGET, IGNORED_TARGET];
    expect(await all(3, 1, 4)).toEqual([{ inputs: [0, 1, 0, 0], targets: [1, 2, ...ignored] }]);
    await expect(all(1, 1, 4)).rejects.toThrow(/too short to evaluate[\s\S]*1 tokens/);
  });
});
