import { expect, it } from "vitest";
import { baselineOf, mostFrequentWord } from "./baselines.js";

const references = ["the cat and the dog", "the end", "dog"];

it("the most frequent word, of equal ones the first, is right once where it is said", () => {
  expect(mostFrequentWord(references)).toBe("the");
  expect(mostFrequentWord(["no  yes", "yes no"])).toBe("no");
  const { words, letters } = baselineOf("the", references);
  expect(words).toMatchObject({ hits: 2, substitutions: 1, deletions: 5, insertions: 0, length: 8 });
  expect(words.rate).toBe(6 / 8);
  expect(letters.rate).toBe((16 + 4 + 3) / (19 + 7 + 3));
});

it("nothing is all wrong, and right where nothing is said", () => {
  expect(baselineOf("", references).words).toMatchObject({ rate: 1, deletions: 8, emptyHypotheses: 3 });
  expect(mostFrequentWord(["", " "])).toBe("");
  expect(baselineOf("", [""]).words.rate).toBe(0);
});
