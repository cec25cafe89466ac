import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { randomStream } from "../../core/random.js";
import { type LocalShuffleOptions, localShuffle } from "./local-shuffle.js";

const sentence = (length: number) => Int32Array.from({ length }, (_, i) => i);
const spoiled = (ids: Int32Array, step: number, options: LocalShuffleOptions = {}) =>
  localShuffle(ids, options, randomStream(1, "shuffle", step));

describe("local shuffle", () => {
  it("is a function of sentence and stream, and leaves the sentence as it was", () => {
    const ids = sentence(20);
    expect(spoiled(ids, 4)).toEqual(spoiled(ids, 4));
    expect(spoiled(ids, 4)).not.toEqual(spoiled(ids, 5));
    expect(ids).toEqual(sentence(20));
  });

  it("moves no word further than the distance, and some as far, and loses none", () => {
    for (const distance of [1, 3]) {
      const results = Array.from({ length: 200 }, (_, step) =>
        spoiled(sentence(30), step, { distance, drop: 0 }),
      );
      const moves = results.flatMap((result) => [...result].map((word, place) => Math.abs(word - place)));
      expect(new Set(results.map((result) => String(result.slice().sort())))).toEqual(
        new Set([String(sentence(30))]),
      );
      expect(Math.max(...moves)).toBe(distance);
    }
  });

  it("drops a tenth of the words, never all, and leaves the others in order where they shall not move", () => {
    const [draws, length] = [400, 30];
    const results = Array.from({ length: draws }, (_, step) => [
      ...spoiled(sentence(length), step, { distance: 0 }),
    ]);
    const isInOrder = (words: number[]) => words.every((word, i) => i === 0 || word > words[i - 1]);
    expect(results.every(isInOrder)).toBe(true);
    // Five deviations of a share of 12,000 words: 5 sqrt(0.09 / 12000) = 0.014.
    expect(Math.abs(results.flat().length / draws / length - 0.9)).toBeLessThan(0.014);
    const survivors = new Set(
      [...Array(100).keys()].map((step) => [...spoiled(sentence(3), step, { drop: 1 })]),
    );
    for (const one of survivors) expect(one).toHaveLength(1);
    expect(new Set([...survivors].flat())).toEqual(new Set([0, 1, 2]));
  });

  it("keeps the tokens of a word together", () => {
    const startsWord = (id: number) => id % 10 === 0;
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 1, max: 4 }), { maxLength: 8 }),
        fc.nat(1000),
        (lengths, step) => {
          const words = lengths.map((length, word) => Array.from({ length }, (_, i) => 10 * word + i));
          const result = [...spoiled(Int32Array.from(words.flat()), step, { startsWord, drop: 0 })];
          const order = result.filter(startsWord).map((id) => id / 10);
          expect(result).toEqual(order.flatMap((word) => words[word]));
          expect(order).toHaveLength(words.length);
        },
      ),
      { seed: 1, numRuns: 100 },
    );
  });

  it("takes what stands before the first word as one", () => {
    const startsWord = (id: number) => id >= 2;
    const result = [...spoiled(sentence(4), 1, { startsWord, drop: 0 })];
    expect(result.indexOf(1)).toBe(result.indexOf(0) + 1);
    expect(spoiled(sentence(0), 1)).toHaveLength(0);
  });
});
