import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { checkPlaceholders, hidePlaceholders, placeholdersOf, shownText } from "./placeholders.js";

const back = (text: string) =>
  hidePlaceholders(text)
    .map((piece) => shownText(piece, piece.text))
    .join("");

describe("placeholders", () => {
  it.each([
    [
      "%s of %1$s, %d, %-5.2f, %ld, %@, %%, %(name)s",
      ["%s", "%1$s", "%d", "%-5.2f", "%ld", "%@", "%%", "%(name)s"],
    ],
    [
      `{name} {0} {{ name }} \${name} %{name} $(ARG1) $t(key) {n, number}`,
      ["{name}", "{0}", "{{ name }}", `\${name}`, "%{name}", "$(ARG1)", "$t(key)", "{n, number}"],
    ],
    ["%1 and %PRODUCTNAME", ["%1", "%PRODUCTNAME"]],
    [
      '<b>bold</b> <br/> <a href="x">y</a> <!-- z -->',
      ["<b>", "</b>", "<br/>", '<a href="x">', "</a>", "<!-- z -->"],
    ],
    ["Tom &amp; Jerry&#160;&#xA0;", ["&amp;", "&#160;", "&#xA0;"]],
    [
      "See https://a.example/b?c=d. Or www.b.example, me@c.example!",
      ["https://a.example/b?c=d", "www.b.example", "me@c.example"],
    ],
    [
      'Run `npm i`, see [the manual](docs/a.md) or ![it](x.png "X")',
      ["`npm i`", "[", "](docs/a.md)", "![", '](x.png "X")'],
    ],
    ["**Do** *not* ~~go~~, 2 * 3, ``a `b` c``", ["**", "**", "*", "*", "~~", "~~", "``a `b` c``"]],
    ["one\\ntwo \n\n three", ["\\n", " \n\n "]],
    ["# files, '{'x'}' '{0}'", ["#", "'{'", "'}'", "{0}"]],
    ["50 % of 100%discount, C# [sic] a < b & c, 5 %", []],
    ["<b>does not close, {nor this, %", ["<b>"]],
  ])("of %j", (text, expected) => {
    expect(placeholdersOf(text)).toEqual(expected);
    expect(back(text)).toBe(text);
  });

  it("are hidden behind numbers, and white space around stays outside", () => {
    expect(hidePlaceholders("  Open %s in <b>{app}</b>?\n")).toEqual([
      {
        before: "  ",
        text: "Open <ph0> in <ph1><ph2><ph3>?",
        after: "\n",
        hidden: ["%s", "<b>", "{app}", "</b>"],
      },
    ]);
    const [piece] = hidePlaceholders("Copy %s to %s.");
    expect(shownText(piece, "Nach <ph1> wird <ph0> kopiert. <ph7>")).toBe("Nach %s wird %s kopiert. <ph7>");
  });

  it("are ten in a piece at most", () => {
    const text = Array.from({ length: 23 }, (_, i) => `word {a${i}}`).join(", ");
    const pieces = hidePlaceholders(text);
    expect(pieces.map(({ hidden }) => hidden.length)).toEqual([10, 10, 3]);
    expect(back(text)).toBe(text);
  });

  it("alone are nothing to translate", () => {
    for (const text of ["", "  ", "%s: {0}", "3.14 — 5", "<br/>\n", "https://a.example"]) {
      expect(hidePlaceholders(text)).toEqual([{ before: text, text: "", after: "", hidden: [] }]);
    }
  });

  // Takes minutes where a pattern looks ahead to the end from every place.
  it.each([" ", "{", "<a", "[", "x", "`", "<!--", "%", "*", "{{", "\\"])(
    "take no longer where %j never closes",
    (bit) => {
      const text = bit.repeat(100_000);
      expect(back(text)).toBe(text);
    },
  );

  it("come back whatever the text", () => {
    const bits = [
      "%s",
      "{a}",
      "<b>",
      "</b>",
      "&amp;",
      "`",
      "'",
      "{",
      "}",
      "%",
      "\n",
      " ",
      "x",
      "ö",
      "<ph3>",
      "[",
      "](u)",
      "\u0000",
    ];
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...bits), { maxLength: 40 }), (parts) => {
        expect(back(parts.join(""))).toBe(parts.join(""));
      }),
      { seed: 1, numRuns: 300 },
    );
  });

  it("that are lost, doubled, new or out of order are told", () => {
    const fine = { lost: [], doubled: [], added: [], isReordered: false };
    expect(checkPlaceholders("a {x} <b>c</b>", "<b>C</b> {x} A")).toEqual(fine);
    expect(checkPlaceholders("{x} {y} {y}", "{x} {x} {z} {y}")).toEqual({
      ...fine,
      lost: ["{y}"],
      doubled: ["{x}"],
      added: ["{z}"],
    });
    expect(checkPlaceholders("%s is %d", "%d ist %s")).toEqual({ ...fine, isReordered: true });
    expect(checkPlaceholders("<b>a</b> <i>b</i>", "<i>b</i> <b>a</b>")).toEqual(fine);
    expect(checkPlaceholders("<b>a</b>", "</b>a<b>")).toEqual({ ...fine, isReordered: true });
    expect(checkPlaceholders("%1$s is %2$d", "%2$d ist %1$s")).toEqual(fine);
    expect(checkPlaceholders("one \n two", "eins\nzwei")).toEqual(fine);
  });
});
