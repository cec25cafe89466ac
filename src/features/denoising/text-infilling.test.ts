import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { randomStream } from "../../core/random.js";
import { textInfilling } from "./text-infilling.js";

const maskToken = 2;
const sentence = (length: number) => Int32Array.from({ length }, (_, i) => 100 + i);
const spoiled = (ids: Int32Array, step: number, share?: number) =>
  textInfilling(ids, { maskToken, share }, randomStream(1, "infilling", step));

/** Whether the ids but for the masks are some of the sentence's, in its order. */
const keptOf = (ids: Int32Array) => ids.filter((id) => id !== maskToken);

describe("text infilling", () => {
  it("is a function of sentence and stream, and leaves the sentence as it was", () => {
    const ids = sentence(20);
    expect(spoiled(ids, 4)).toEqual(spoiled(ids, 4));
    expect(spoiled(ids, 4)).not.toEqual(spoiled(ids, 5));
    expect(ids).toEqual(sentence(20));
  });

  it("keeps what is not masked in its order, and puts a mask wherever something is missing", () => {
    fc.assert(
      fc.property(fc.nat(30), fc.nat(10_000), (length, step) => {
        const result = spoiled(sentence(length), step);
        const kept = keptOf(result);
        expect(kept).toEqual(kept.slice().sort());
        expect(new Set(kept).size).toBe(kept.length);
        let next = 100;
        for (const [i, id] of result.entries()) {
          if (id === maskToken) next = result.slice(i).find((later) => later !== maskToken) ?? 100 + length;
          else if (id === next) next++;
        }
        expect(next).toBe(100 + length);
      }),
      { seed: 1, numRuns: 200 },
    );
  });

  it.each([1, 5, 40])("masks 35 of a hundred tokens in the mean: sentences of %d", (length) => {
    const draws = 3000;
    let masked = 0;
    for (let step = 0; step < draws; step++)
      masked += length - keptOf(spoiled(sentence(length), step)).length;
    // Of each sentence the number masked is 0.35 n up or down: a deviation of half a token at most; five of the mean's.
    expect(Math.abs(masked / draws - 0.35 * length)).toBeLessThan((5 * 0.5) / Math.sqrt(draws));
  });

  it("masks spans of three in the mean with a mask each, some of them of nothing", () => {
    const [draws, length] = [200, 200];
    let [masks, masked, hasInserted] = [0, 0, false];
    for (let step = 0; step < draws; step++) {
      const result = spoiled(sentence(length), step);
      const kept = keptOf(result);
      masks += result.length - kept.length;
      masked += length - kept.length;
      const inserted = [...result.keys()].some(
        (i) => result[i] === maskToken && result[i - 1] + 1 === result[i + 1],
      );
      hasInserted ||= inserted;
    }
    // 70 masked a sentence in 23 spans or one more; the last is cut: 3 of 70 tokens.
    expect(masked / masks).toBeGreaterThan(2.8);
    expect(masked / masks).toBeLessThan(3.05);
    expect(hasInserted).toBe(true);
  });

  it("masks every place, those as far from either end equally often", () => {
    const counts = new Float64Array(8);
    const draws = 4000;
    for (let step = 0; step < draws; step++) {
      for (const id of keptOf(spoiled(sentence(8), step))) counts[id - 100]++;
    }
    for (const place of [0, 1, 2, 3]) {
      // Five deviations of the difference of two shares of 4000 draws: 5 sqrt(2 * 0.25 / 4000) = 0.056.
      expect(Math.abs(counts[place] - counts[7 - place]) / draws).toBeLessThan(0.056);
      expect(counts[place] / draws).toBeLessThan(0.9);
    }
  });

  it("masks nothing or everything where it is told to, and nothing of nothing", () => {
    expect(spoiled(sentence(9), 1, 0)).toEqual(sentence(9));
    expect(keptOf(spoiled(sentence(9), 1, 1))).toHaveLength(0);
    expect(spoiled(sentence(0), 1)).toHaveLength(0);
  });
});
