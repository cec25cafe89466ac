import { expect, it } from "vitest";
import { checkRight, type RewardRule, rewards } from "./rewards.js";

it.each<[RewardRule, string, unknown, number]>([
  ["exact", " 12\n", "12", 1],
  ["exact", "12", 12, 1],
  ["exact", "12.", "12", 0],
  ["contains", "It is the\nEIFFEL  tower.", "Eiffel Tower", 1],
  ["contains", "cafe\u0301", "café", 1],
  ["contains", "a tower", "Eiffel Tower", 0],
  ["contains", "in 2013", "13", 0],
  ["contains", "It is C#.", "C#", 1],
  ["contains", "It is C.", "C#", 0],
  ["number", "3 + 4 = 7, so it is 7.", "7", 1],
  ["number", "12,000.50 in all", 12000.5, 1],
  ["number", "7, or 8", 7, 0],
  ["number", "-7", 7, 0],
  ["number", "seven", 7, 0],
  ["number", "\u22125", 5, 0],
  ["number", "\u22125", -5, 1],
  ["number", ".5", 5, 0],
  ["number", "1e3", 3, 0],
  ["number", "1e3", 1000, 1],
  ["number", "2/3", 3, 0],
  ["number", "1,2", 12, 0],
  ["number", "17-7", 7, 1],
  ["json", '{"b": [1, {"c": null}], "a": "x"}', { a: "x", b: [1, { c: null }] }, 1],
  ["json", '{"a": "x", "b": 2}', { a: "x", b: 3 }, 0.5],
  ["json", '{"a": "x", "c": 2}', { a: "x" }, 0.5],
  ["json", '{"a": "x"} and more', { a: "x" }, 0],
  ["json", '{"toString": 1}', { a: 1 }, 0],
  ["json", "[1, 2]", [1, 2], 1],
  ["json", "[2, 1]", [1, 2], 0],
  ["json", "{}", {}, 1],
  ["json", "null", { a: 1 }, 0],
  ["words", "Four words, no more.", 4, 1],
  ["words", "Here are eight words, twice as many, sadly.", 4, 0.5],
  ["words", " ...", 4, 0],
])("%s: %j where %j is right is worth %d", (rule, answer, right, reward) => {
  expect(rewards[rule](answer, right)).toBe(reward);
});

it.each<[RewardRule, unknown]>([
  ["number", "seven"],
  ["number", ""],
  ["number", { sum: 7 }],
  ["number", true],
  ["contains", " "],
  ["json", '{"sum": 7}'],
  ["words", 0],
  ["words", "4"],
])("%s: where %j is right nothing can be told", (rule, right) => {
  expect(() => checkRight(rule, right)).toThrow(`${rule}, ${JSON.stringify(right)}`);
});

it.each<[RewardRule, unknown]>([
  ["number", "7.5"],
  ["number", -7],
  ["contains", { sum: 7 }],
  ["exact", ""],
  ["json", []],
  ["words", 12],
])("%s: where %j is right it can be told", (rule, right) => {
  expect(() => checkRight(rule, right)).not.toThrow();
});
