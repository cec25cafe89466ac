import { describe, expect, it } from "vitest";
import { trainNgrams } from "./kneser-ney.js";
import { WordFusion } from "./word-fusion.js";

const model = trainNgrams(["save it", "save the day"], 3);

describe("the fusion of words", () => {
  it("counts a word by the model, for its length, and against it where it is unknown", () => {
    const fusion = new WordFusion({ model, alpha: 2, beta: 3, unknownWordPenalty: 5 });
    const after = fusion.after(fusion.start, "save");
    expect(after).toEqual(["<s>", "save"]);
    expect(fusion.after(after, "the")).toEqual(["save", "the"]);
    const log = (word: string) => 2 * Math.LN10 * model.logProbability(after, word);
    expect(fusion.word(after, "the")).toBe(log("the") + 3);
    expect(fusion.word(after, "cat")).toBe(log("cat") + 3 - 5);
    expect(fusion.end(after)).toBe(log("</s>"));
  });

  it("counts a beginning against what no known word begins with, hot words being known", () => {
    const fusion = new WordFusion({
      model,
      hotWords: ["cat", "cattle"],
      unknownWordPenalty: 5,
      hotWordBoost: 6,
    });
    expect(["", "s", "sav", "save", "saved"].map((letters) => fusion.beginning(letters))).toEqual([
      0, 0, 0, 0, -5,
    ]);
    expect(["c", "cat", "catt", "cattle"].map((letters) => fusion.beginning(letters))).toEqual([2, 6, 4, 6]);
    const without = new WordFusion({ model, unknownWordPenalty: 5 });
    expect(fusion.word([], "cat") - without.word([], "cat")).toBeCloseTo(6 + 5, 12);
  });

  it("is of hot words alone without a model", () => {
    const fusion = new WordFusion({ hotWords: ["new  york"] });
    const words = ["york", "new", "old"].map((word) => fusion.word(fusion.start, word));
    expect(words).toEqual([10, 10, 0]);
    expect([fusion.beginning("x"), fusion.end(["york"])]).toEqual([0, 0]);
  });
});
