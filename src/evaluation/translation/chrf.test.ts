import { describe, expect, it } from "vitest";
import { chrf, chrfMetric } from "./chrf.js";

const HYPOTHESES = ["The dog bit the man.", "It wasn't surprising.", "The man had just bitten him."];
const FIRST = ["The dog bit the man.", "It was not unexpected.", "The man bit him first."];
const SECOND = ["The dog had bit the man.", "No one was surprised.", "The man had bitten the dog."];
const both = HYPOTHESES.map((hypothesis, i) => ({ hypothesis, references: [FIRST[i], SECOND[i]] }));
const one = HYPOTHESES.map((hypothesis, i) => ({ hypothesis, references: [FIRST[i]] }));

describe("chrF", () => {
  it("is sacreBLEU's, with and without words, and takes the better reference", () => {
    expect(chrf(both)).toBeCloseTo(59.72751782684763, 10);
    expect(chrf(both, { wordOrder: 2 })).toBeCloseTo(59.15310444399262, 10);
    expect(chrf(one, { wordOrder: 2 })).toBeCloseTo(51.7309698503746, 10);
  });

  it("counts code points, and nothing where a side is empty", () => {
    expect(chrf([{ hypothesis: "😀a", references: ["😀b"] }])).toBe(25);
    expect(chrf([{ hypothesis: "", references: ["a"] }])).toBe(0);
    expect(chrf([{ hypothesis: "a", references: [""] }])).toBe(0);
  });

  it("does not see spaces, nor case where asked", () => {
    expect(chrf([{ hypothesis: "ab c", references: ["a bc"] }])).toBe(100);
    expect(chrf([{ hypothesis: "ABC", references: ["abc"] }])).toBe(0);
    expect(chrf([{ hypothesis: "ABC", references: ["abc"] }], { lowercase: true })).toBe(100);
  });

  it("has a signature that tells what was counted", () => {
    expect(chrfMetric({ wordOrder: 2, lowercase: true }).signature(both)).toBe(
      "nrefs:2|case:lc|eff:yes|nc:6|nw:2|space:no|version:2.6.0",
    );
  });
});
