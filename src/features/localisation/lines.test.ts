import { describe, expect, it } from "vitest";
import { jsonLinesFormat, linesFormat } from "./lines.js";

describe("plain lines", () => {
  const text = "\uFEFFOne.\r\n\r\n  Two.  \nThree";

  it("are messages by their numbers, blank ones are not", () => {
    expect(linesFormat.read(text)).toEqual([
      { key: "1", source: "One." },
      { key: "3", source: "  Two.  " },
      { key: "4", source: "Three" },
    ]);
    expect(linesFormat.read("")).toEqual([]);
  });

  it("keep their ends and what is not translated", () => {
    expect(linesFormat.write(text, new Map())).toBe(text);
    expect(
      linesFormat.write(
        text,
        new Map([
          ["1", "Eins."],
          ["4", "Three"],
        ]),
      ),
    ).toBe(text.replace("One", "Eins"));
  });

  it("stay single, and are known", () => {
    expect(() => linesFormat.write(text, new Map([["1", "Eins.\nZwei."]]))).toThrow(/has several/);
    expect(() => linesFormat.write(text, new Map([["2", "x"]]))).toThrow(/"2"/);
  });
});

describe("JSON Lines", () => {
  const text = '{"id": 1, "en": "One\\u0021", "de": ""}\r\n\n{"en":"Two"}\n{"en": "Three", "de": "Drei"}\n';

  it("have the text of a field, and its translation in another", () => {
    expect(
      jsonLinesFormat("en")
        .read(text)
        .map(({ source }) => source),
    ).toEqual(["One!", "Two", "Three"]);
    expect(jsonLinesFormat("en", "de").read(text)).toEqual([
      { key: "1", source: "One!" },
      { key: "3", source: "Two" },
      { key: "4", source: "Three", target: "Drei" },
    ]);
  });

  it("are edited in place", () => {
    const translations = new Map([
      ["1", "Eins"],
      ["3", "Zwei"],
      ["4", "Drei"],
    ]);
    expect(jsonLinesFormat("en", "de").write(text, translations)).toBe(
      text.replace('"de": ""', '"de": "Eins"').replace('"Two"', '"Two", "de": "Zwei"'),
    );
    expect(jsonLinesFormat("en").write(text, new Map([["3", "Zwei"]]))).toBe(text.replace("Two", "Zwei"));
    const same = new Map([["1", "One!"]]);
    expect(jsonLinesFormat("en").write(text, same)).toBe(text);
  });

  it("need the field in every line", () => {
    expect(() => jsonLinesFormat("fr").read(text)).toThrow(/line 1/);
    expect(() => jsonLinesFormat("en").read('{"en": 5}')).toThrow(/no text in its field "en"/);
    expect(() => jsonLinesFormat("en").read('["en"]')).toThrow(/no text in its field "en"/);
  });
});
