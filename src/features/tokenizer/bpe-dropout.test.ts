/** BPE-dropout against the algorithm as the paper prints it (Provilkov et al. 2020, algorithm 1). */
import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { type RandomStream, randomStream } from "../../core/random.js";
import type { BpeTokenizer } from "./bpe.js";
import { trainBpe } from "./bpe-trainer.js";
import { Merges } from "./merges.js";

const TEXT = "the other mother bothers another brother; thermal weather gathers rather than withers. ".repeat(
  3,
);

let tokenizer: BpeTokenizer;
beforeAll(async () => {
  tokenizer = await trainBpe(TEXT, { vocabSize: 320, specialTokens: ["</s>", ">>de<<"] });
});

const encoded = (text: string, rate: number, step = 0) =>
  tokenizer.encodeWithDropout(text, rate, randomStream(1, "dropout", step));

/** All pairs that may be merged, each left out by chance, of the others the first; until none is left in. */
function mergeSlowly(ids: number[], merges: readonly number[][], rate: number, random: RandomStream): number {
  const left = [...ids];
  for (;;) {
    const places = [...left.keys()].filter((i) => rankOf(merges, left, i) >= 0 && random.uniform() >= rate);
    if (places.length === 0) return left.length;
    const best = places.reduce((a, b) => (rankOf(merges, left, b) < rankOf(merges, left, a) ? b : a));
    left.splice(best, 2, merges[rankOf(merges, left, best)][2]);
  }
}

const rankOf = (merges: readonly number[][], ids: readonly number[], i: number) =>
  merges.findIndex(([first, second]) => first === ids[i] && second === ids[i + 1]);

describe("BPE-dropout", () => {
  it("is encode at a rate of 0 and bytes at a rate of 1", () => {
    for (const text of [TEXT, "mother".repeat(40), "", "Straße 天"]) {
      expect(encoded(text, 0)).toEqual(tokenizer.encode(text));
      expect(encoded(text, 1)).toHaveLength(new TextEncoder().encode(text).length);
    }
  });

  it("is a function of text and stream, and leaves encode as it was", () => {
    const before = tokenizer.encode(TEXT);
    expect(encoded(TEXT, 0.3, 4)).toEqual(encoded(TEXT, 0.3, 4));
    expect(encoded(TEXT, 0.3, 4)).not.toEqual(encoded(TEXT, 0.3, 5));
    expect(tokenizer.encode(TEXT)).toEqual(before);
  });

  it("gives the text back, special tokens whole", () => {
    const part = fc.constantFrom(
      "mother",
      " weather",
      "</s>",
      ">>de<<",
      "天",
      "🙂",
      "\n",
      "mother".repeat(10),
    );
    const text = fc.oneof(
      fc.array(part).map((parts) => parts.join("")),
      fc.string({ unit: "binary" }),
    );
    const special = [...tokenizer.specialTokens.values()];
    fc.assert(
      fc.property(text, fc.constantFrom(0, 0.1, 0.5, 0.9, 1), fc.nat(1000), (given, rate, step) => {
        const ids = encoded(given, rate, step);
        expect(tokenizer.decode(ids)).toBe(given);
        const marks = (found: Int32Array) => String(found.filter((id) => special.includes(id)));
        expect(marks(ids)).toBe(marks(tokenizer.encode(given)));
      }),
      { seed: 3, numRuns: 80 },
    );
  });

  it.each([
    ["a short word", 4],
    ["a word that is merged with a heap", 17],
  ])("leaves as many tokens as the paper's algorithm: %s", (_, times) => {
    const merges = [
      [0, 1, 4],
      [2, 0, 5],
      [4, 2, 6],
      [6, 6, 7],
      [1, 2, 8],
    ];
    const table = new Merges();
    for (const [first, second, result] of merges) table.add(first, second, result);
    const word = Array.from({ length: times }, () => [0, 1, 2]).flat();
    const draws = 400;
    const countsBy = (left: (random: RandomStream) => number) =>
      Array.from({ length: draws }, (_, step) => left(randomStream(2, "words", step)));
    const quick = countsBy((random) =>
      table.apply(Int32Array.from(word), word.length, () => random.uniform() < 0.4),
    );
    const slow = countsBy((random) => mergeSlowly(word, merges, 0.4, random));
    const mean = (counts: number[]) => counts.reduce((a, b) => a + b) / draws;
    const variance = (counts: number[]) => mean(counts.map((count) => (count - mean(counts)) ** 2));
    const deviation = Math.sqrt((variance(quick) + variance(slow)) / draws);
    expect(deviation).toBeGreaterThan(0);
    expect(Math.abs(mean(quick) - mean(slow))).toBeLessThan(5 * deviation);
  });

  it("refuses a rate that is no share", () => {
    for (const rate of [-0.1, 1.1, Number.NaN]) expect(() => encoded("a", rate)).toThrow("no share");
  });

  it("encodes 300 sentences of 15 words in a second, on a busy machine too", () => {
    const sentence = TEXT.split(" ").slice(0, 15).join(" ");
    const start = performance.now();
    for (let step = 0; step < 300; step++) encoded(sentence, 0.1, step);
    expect(performance.now() - start).toBeLessThan(1000);
  });
});
