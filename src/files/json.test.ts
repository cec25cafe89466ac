import { expect, it } from "vitest";
import { parseJson } from "./json.js";

const nested = (levels: number) => `${"[".repeat(levels)}${"]".repeat(levels)}`;

it("parses what JSON.parse does", () => {
  const text = '{"a": [1, {"b": null}], "__proto__": "text"}';
  expect(parseJson(text)).toEqual(JSON.parse(text));
  expect(parseJson(nested(256))).toEqual(JSON.parse(nested(256)));
});

it("refuses what is nested too deeply to be walked, and what is no JSON", () => {
  for (const text of [nested(257), nested(1_000_000), `{"a":${nested(1000)}}`]) {
    expect(() => parseJson(text)).toThrow(/nested more than 256 levels/);
  }
  expect(() => parseJson("{")).toThrow(SyntaxError);
});
