import { expect, it } from "vitest";
import { DataError } from "../../files/errors.js";
import { namePattern } from "./name-pattern.js";

it.each([
  ["{class}_{speaker}_{take}", "7_theo_13", { class: "7", speaker: "theo", take: "13" }],
  ["{class}v{take}", "D#4v12", { class: "D#4", take: "12" }],
  ["{speaker}-{class}", "a-b-c", { speaker: "a", class: "b-c" }],
  ["{class}.({take})", "x.(1)", { class: "x", take: "1" }],
  ["{class}", "e\u0301", { class: "é" }],
])("%s reads %s", (pattern, name, parts) => {
  expect(namePattern(pattern)(name)).toEqual(parts);
});

it.each([
  ["{class}_{take}", "seven"],
  ["{class}.wav", "xwav"],
  ["{class}_", "_"],
])("%s does not fit %s", (pattern, name) => {
  expect(namePattern(pattern)(name)).toBeUndefined();
});

it.each(["plain", "{class}_{class}", "{klass}", "{}"])("refuses the pattern %s", (pattern) => {
  expect(() => namePattern(pattern)).toThrow(DataError);
});
