import { describe, expect, it } from "vitest";
import { sectionsOf } from "./sections.js";

const cut = (text: string) => sectionsOf(text).map(({ headings, body }) => [headings.join(" > "), body]);

describe("sectionsOf", () => {
  it("cuts Markdown at its headings and keeps what stands above each", () => {
    const text = "Before.\n\n# Boats\n\nAll boats.\n\n## Long ones ##\n\nLong.\n\n# Nets\nNets.\n";
    expect(cut(text)).toEqual([
      ["", "Before."],
      ["Boats", "All boats."],
      ["Boats > Long ones", "Long."],
      ["Nets", "Nets."],
    ]);
    expect(sectionsOf(text)[2].text).toBe("## Long ones ##\n\nLong.");
  });

  it("knows titles over a line, in Markdown and as plain text has them", () => {
    expect(cut("Boats\n=====\nAll.\n\nLong\n----\nLong.\n")).toEqual([
      ["Boats", "All."],
      ["Boats > Long", "Long."],
    ]);
    expect(cut("1. Boats\n********\n\nAll.\n\n1.1. Long\n=========\n\nL.\n\n2. Nets\n*******\n\nN.")).toEqual(
      [
        ["1. Boats", "All."],
        ["1. Boats > 1.1. Long", "L."],
        ["2. Nets", "N."],
      ],
    );
  });

  it("takes neither rules, nor tables, nor comments in code for headings", () => {
    const text = "# Boats\n\n---\n\n| a |\n|---|\n\n```sh\n# a comment\n```\n\nA line\nof two\n---\n";
    expect(sectionsOf(text)).toHaveLength(1);
    expect(cut("# A\n\n~~~\n```\n# no\n~~~\n\n# B\n\nb")).toEqual([
      ["A", "~~~\n```\n# no\n~~~"],
      ["B", "b"],
    ]);
  });

  it("keeps a heading without a body with the deeper one that follows, else leaves it out", () => {
    const [first, ...others] = sectionsOf(
      "# Boats\n\n## Long\n\nLong.\n\n## Empty\n\n# Nets\n\nN.\n\n# End\n",
    );
    expect([first.text, first.headings]).toEqual(["# Boats\n\n## Long\n\nLong.", ["Boats", "Long"]]);
    expect(others.map(({ text }) => text)).toEqual(["# Nets\n\nN."]);
  });

  it("reads Windows' line ends and a byte order mark, and finds nothing in nothing", () => {
    expect(cut("\ufeff# A\r\n\r\na\r\n")).toEqual([["A", "a"]]);
    expect(sectionsOf(" \n\n")).toEqual([]);
  });
});
