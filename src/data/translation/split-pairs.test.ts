import { describe, expect, it } from "vitest";
import { DataError } from "../../files/errors.js";
import { removeLeaks } from "./leaks.js";
import type { Pair } from "./pair.js";
import { splitPairs } from "./split-pairs.js";

function pair(source: string, target: string, more: Partial<Pair> = {}): Pair {
  return { source, target, sourceLanguage: "en", targetLanguage: "de", origin: "a.tsv:1", ...more };
}

const sources = (pairs: readonly Pair[]) => pairs.map(({ source }) => source);
const options = { validationFraction: 0.1, testFraction: 0.1, seed: 3 };
const letters = "abcdefghijklmnopqrst".split("");

describe("splits", () => {
  it("are the set's own", () => {
    const all = [
      pair("a", "A", { split: "train" }),
      pair("b", "B", { split: "validation" }),
      pair("c", "C", { split: "test" }),
    ];
    const { train, validation, test, how } = splitPairs([...all, pair("d", "D")], options);
    expect([train, validation, test].map(sources)).toEqual([["a", "d"], ["b"], ["c"]]);
    expect(how).toBe("validation and test are the set's own splits: 1 and 1 of 4 pairs");
    const tested = splitPairs([all[0], all[2]], options);
    expect(sources(tested.validation)).toEqual(["c"]);
    expect(tested.test).toEqual([]);
  });

  it("have no source or target on two sides", () => {
    // Each letter has a source in two spellings, and two targets, one of which its neighbour shares.
    const all = letters.flatMap((letter, i) => [
      pair(`${letter} 12`, `first of ${letter}`),
      pair(`${letter.toUpperCase()}  7`, `shared by ${Math.floor(i / 2) === 0 ? "x" : letter}`),
    ]);
    const { train, validation, test, how } = splitPairs(all, options);
    expect(train.length + validation.length + test.length).toBe(40);
    expect([validation.length, test.length]).toEqual([4, 4]);
    expect(how).toBe(
      "validation and test are by sentence, so that none is on both sides: 4 and 4 of 40 pairs",
    );
    const sides = [train, validation, test].map(
      (part) => new Set(part.map(({ source }) => source[0].toLowerCase())),
    );
    expect(sides.reduce((sum, side) => sum + side.size, 0)).toBe(20);
    const [withA] = sides.filter((side) => side.has("a"));
    expect(withA.has("b")).toBe(true);
  });

  it("depend on the seed, not on the order", () => {
    const all = letters.map((letter) => pair(letter, `${letter}!`));
    const held = (pairs: Pair[], seed: number) =>
      sources(splitPairs(pairs, { ...options, seed }).validation).sort();
    expect(held(all.toReversed(), 3)).toEqual(held(all, 3));
    const seeds = new Set([1, 2, 3, 4].map((seed) => held(all, seed).join()));
    expect(seeds.size).toBeGreaterThan(1);
  });

  it("are by page, without what training has", () => {
    const all = letters.flatMap((letter) => [
      pair(`own of ${letter}`, `${letter}!`, { page: letter }),
      pair(`See page ${letter.charCodeAt(0)}.`, "Siehe Seite.", { page: letter }),
    ]);
    const { train, validation, test, how } = splitPairs(all, options);
    const [learned, held] = [train, [...validation, ...test]].map(
      (part) => new Set(part.map(({ page }) => page)),
    );
    expect([learned.size, held.size]).toEqual([16, 4]);
    for (const page of held) expect(learned.has(page)).toBe(false);
    expect(sources([...validation, ...test]).every((source) => source.startsWith("own"))).toBe(true);
    expect(how).toBe(
      "validation and test are pages of their own, 2 and 2 of 40 pairs; 4 pairs of these pages left out, whose source is in training",
    );
  });

  it("need enough", () => {
    const same = [pair("a 1", "x"), pair("a 2", "y")];
    expect(() => splitPairs(same, { validationFraction: 0.5, seed: 1 })).toThrow(DataError);
    expect(() => splitPairs([], options)).toThrow(/0 pairs of 0 sentences/);
  });
});

describe("leaks", () => {
  const held = [pair("Two dogs.", "Zwei Hunde.")];

  it("are pairs with a text that is held out", () => {
    const train = [
      pair("two  DOGS.", "Hunde"),
      pair("Animals.", "Zwei Hunde."),
      pair("Zwei Hunde.", "x"),
      pair("Cats.", "Katzen."),
    ];
    const { kept, removed } = removeLeaks(train, held);
    expect(sources(kept)).toEqual(["Zwei Hunde.", "Cats."]);
    expect(removed).toBe(2);
  });

  it("are sentences of that language", () => {
    const sentences = [
      { text: "Zwei Hunde.", language: "de-AT" },
      { text: "Zwei Hunde.", language: "en" },
    ];
    expect(removeLeaks(sentences, held)).toEqual({ kept: [sentences[1]], removed: 1 });
  });
});
