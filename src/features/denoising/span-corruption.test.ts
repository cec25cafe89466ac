import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { randomStream } from "../../core/random.js";
import { spanCorruption } from "./span-corruption.js";

const sentinels = [9, 8, 7, 6, 5, 4, 3, 2];
const sentence = (length: number) => Int32Array.from({ length }, (_, i) => 100 + i);
const isSentinel = (id: number) => id < 100;
const spoiled = (length: number, step: number, options = {}) =>
  spanCorruption(sentence(length), { sentinels, ...options }, randomStream(1, "spans", step));

/** The source with each sentinel replaced by what the target has behind it. */
function restored({ source, target }: ReturnType<typeof spoiled>): number[] {
  return [...source].flatMap((id) => {
    if (!isSentinel(id)) return [id];
    const after = target.subarray(target.indexOf(id) + 1);
    return [...after.subarray(0, after.findIndex(isSentinel))];
  });
}

describe("span corruption", () => {
  it("is a function of sentence and stream", () => {
    expect(spoiled(30, 4)).toEqual(spoiled(30, 4));
    expect(spoiled(30, 4)).not.toEqual(spoiled(30, 5));
  });

  it("loses nothing: source and target give the sentence", () => {
    fc.assert(
      fc.property(fc.nat(60), fc.nat(10_000), fc.constantFrom(0, 0.1, 0.5, 0.9, 1), (length, step, share) => {
        const pair = spoiled(length, step, { share });
        expect(restored(pair)).toEqual([...sentence(length)]);
        const used = [...pair.source].filter(isSentinel);
        expect(used).toEqual(sentinels.slice(0, used.length));
        expect([...pair.target].filter(isSentinel)).toEqual(sentinels.slice(0, used.length + 1));
        expect(isSentinel(pair.target[0]) && isSentinel(pair.target.at(-1)!)).toBe(true);
      }),
      { seed: 1, numRuns: 200 },
    );
  });

  it("takes out 15 of a hundred tokens in spans of three, as T5 counts them", () => {
    for (let step = 0; step < 50; step++) {
      const { source, target } = spoiled(100, step);
      expect(source.filter(isSentinel)).toHaveLength(5);
      expect(target.filter((id) => !isSentinel(id))).toHaveLength(15);
      expect(isSentinel(source[0])).toBe(false);
      expect(isSentinel(source.at(-1)!)).toBe(true);
    }
  });

  it("cuts every way equally often", () => {
    // Three hidden tokens in two spans are cut 1 + 2 or 2 + 1.
    const draws = 2000;
    const targets = Array.from(
      { length: draws },
      (_, step) => spoiled(5, step, { share: 0.6, meanSpan: 1.5 }).target,
    );
    const shortFirst = targets.filter((target) => isSentinel(target[2])).length;
    expect(targets.filter((target) => target.filter(isSentinel).length === 3)).toHaveLength(draws);
    // Five deviations of a share of 2000 draws.
    expect(Math.abs(shortFirst / draws - 0.5)).toBeLessThan((5 * 0.5) / Math.sqrt(draws));
  });

  it("makes longer spans where sentinels are few, and leaves a lone token whole", () => {
    const { source, target } = spoiled(100, 1, { sentinels: [9, 8] });
    expect([...source].filter(isSentinel)).toEqual([9]);
    expect(target).toHaveLength(17);
    expect(spoiled(1, 1)).toEqual({ source: Int32Array.of(100), target: Int32Array.of(9) });
    expect(spoiled(0, 1)).toEqual({ source: Int32Array.of(), target: Int32Array.of(9) });
  });

  it("refuses to do with one sentinel", () => {
    expect(() => spoiled(10, 1, { sentinels: [9] })).toThrow("too few sentinels");
  });
});
