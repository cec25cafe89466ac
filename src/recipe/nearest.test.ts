import { expect, test } from "vitest";
import { editDistance, nearest } from "./nearest.js";

test.each([
  ["", "", 0],
  ["", "abc", 3],
  ["kitten", "sitting", 3],
  ["weihgt", "weight", 1], // neighbours swapped
  ["ca", "abc", 3], // optimal string alignment edits no part twice
  ["lr", "lr", 0],
])("editDistance(%s, %s) is %d", (a, b, distance) => {
  expect(editDistance(a, b)).toBe(distance);
  expect(editDistance(b, a)).toBe(distance);
});

const keys = ["learningRate", "weightDecay", "betas", "eps"];

test.each([
  ["learningrate", "learningRate"],
  ["learnngRate", "learningRate"],
  ["wieghtDecay", "weightDecay"],
  ["beta", "betas"],
  ["esp", "eps"],
  ["momentum", undefined],
])("nearest to %s is %s", (word, key) => expect(nearest(word, keys)).toBe(key));

test("nothing is near when there is nothing", () => expect(nearest("lr", [])).toBeUndefined());

test("of equally near candidates the first wins", () => expect(nearest("bat", ["cat", "hat"])).toBe("cat"));
