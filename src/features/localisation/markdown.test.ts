import { describe, expect, it } from "vitest";
import { markdownFormat } from "./markdown.js";

const page = `---
title: Kept
---

# The *title* #

A first paragraph with \`code\`
over two lines.
A line that breaks  
and goes on\\
here.

Setext
======

- an item
  that goes on

  with a second paragraph

      indented code of the item
- [x] done
  1. nested
     \`\`\`sh
     npm i
     \`\`\`
* * *

> [!NOTE]
> quoted
> text
> - item in quotes

    indented code

~~~
# not a heading

~~~

| Name | What it \\| is |
|------|:---:|
| \`a\\|b\` | Does *it* |
| 3 |  |

After the table.

<div align="center">
not this
</div>

<!-- nor

this -->
Inline <b>html</b> is text.

[link]: https://a.example "Title"
[^1]: A footnote.

:::note
Inside of a note.
:::
$$
x + y
$$
In 1986 or
1987. no list
![picture](a.png)
`;

const texts = [
  "The *title*",
  "A first paragraph with `code` over two lines. A line that breaks",
  "and goes on",
  "here.",
  "Setext",
  "an item that goes on",
  "with a second paragraph",
  "done",
  "nested",
  "quoted text",
  "item in quotes",
  "Name",
  "What it \\| is",
  "`a\\|b`",
  "Does *it*",
  "3",
  "After the table.",
  "Inline <b>html</b> is text.",
  "A footnote.",
  "Inside of a note.",
  "In 1986 or 1987. no list ![picture](a.png)",
];

describe("Markdown", () => {
  it("has headings, paragraphs, items and cells, and neither code, HTML nor front matter", () => {
    expect(markdownFormat.read(page).map(({ source }) => source)).toEqual(texts);
    expect(markdownFormat.read(page.replaceAll("\n", "\r\n")).map(({ source }) => source)).toEqual(texts);
  });

  it("stays byte for byte where nothing changed", () => {
    for (const text of [
      page,
      page.replaceAll("\n", "\r\n"),
      `\uFEFF${page}`,
      page.trimEnd(),
      "",
      "\n",
      "# a",
    ]) {
      const same = new Map(markdownFormat.read(text).map(({ key, source }) => [key, source]));
      expect(markdownFormat.write(text, same)).toBe(text);
      expect(markdownFormat.write(text, new Map())).toBe(text);
    }
  });

  it("puts translations into their places, and nothing else", () => {
    const german = markdownFormat.write(
      page,
      new Map([
        ["0", "Der *Titel*"],
        ["1", "Ein Absatz mit `code`."],
        ["2", "und weiter"],
        ["7", "erledigt"],
        ["9", "zitiert"],
        ["14", "Tut | *es*"],
      ]),
    );
    expect(german).toBe(
      page
        .replace("The *title*", "Der *Titel*")
        .replace(
          "A first paragraph with `code`\nover two lines.\nA line that breaks",
          "Ein Absatz mit `code`.",
        )
        .replace("and goes on", "und weiter")
        .replace("done", "erledigt")
        .replace("quoted\n> text", "zitiert")
        .replace("Does *it*", "Tut \\| *es*"),
    );
  });

  it("takes what does not close for open to the end, and refuses unknown numbers and several lines", () => {
    expect(markdownFormat.read("a\n\n```\nb\n\nc").map(({ source }) => source)).toEqual(["a"]);
    expect(markdownFormat.read("---\ntitle: a").map(({ source }) => source)).toEqual(["title: a"]);
    expect(() => markdownFormat.write("a", new Map([["1", "b"]]))).toThrow(/"1"/);
    expect(() => markdownFormat.write("a", new Map([["0", "b\n\nc"]]))).toThrow(/has several/);
  });
});
