import { describe, expect, it } from "vitest";
import { bleuMetric } from "./bleu.js";
import { chrfMetric } from "./chrf.js";
import { pairedBootstrap } from "./paired-bootstrap.js";

const WORDS = ["one", "two", "three", "four", "five", "six", "seven"];
const references = Array.from({ length: 60 }, (_, i) =>
  WORDS.map((_, j) => WORDS[(i + j * j) % 7]).join(" "),
);
/** Every `every`th segment lacks its last words. */
const system = (every: number) =>
  references.map((text, i) => ({
    hypothesis: i % every === 0 ? text.split(" ").slice(0, 3).join(" ") : text,
    references: [text],
  }));

describe("the paired bootstrap", () => {
  it("finds a system better that is, and counts no chance where both are the same, as sacreBLEU", () => {
    const clear = pairedBootstrap(bleuMetric(), system(2), system(20), { seed: 1, samples: 50 });
    expect(clear.pValue).toBeLessThan(0.05);
    expect(clear.system.score).toBeGreaterThan(clear.baseline.score + clear.baseline.margin);
    const same = pairedBootstrap(chrfMetric(), system(3), system(3), { seed: 1, samples: 50 });
    expect(same.system).toEqual(same.baseline);
    expect(same.pValue).toBe(1 / 51);
  });

  it("is a function of the seed", () => {
    const draw = (seed: number) => pairedBootstrap(chrfMetric(), system(4), system(5), { seed, samples: 50 });
    expect(draw(1)).toEqual(draw(1));
    expect(draw(1).baseline.mean).not.toBe(draw(2).baseline.mean);
    expect(draw(1).baseline.score).toBe(draw(2).baseline.score);
  });

  it("refuses systems over other segments", () => {
    const compare = (other: ReturnType<typeof system>) => () =>
      pairedBootstrap(chrfMetric(), system(2), other, { seed: 1 });
    expect(compare(system(2).slice(1))).toThrow(/60 and 59 segments/);
    expect(compare(system(2).with(7, { hypothesis: "a", references: ["b"] }))).toThrow(/segment 8/);
  });
});
