import { describe, expect, it } from "vitest";
import { messageParts } from "./message-parts.js";

describe("parts of a message", () => {
  it("are what a translator sees, and make the message again", () => {
    const { texts, join } = messageParts("~Save {name} as <b>%s</b>…");
    expect(texts).toEqual(["Save <ph0> as <ph1><ph2><ph3>…"]);
    expect(join(["<ph0> als <ph1><ph2><ph3> sichern…"])).toBe("{name} als <b>%s</b> ~sichern…");
    expect(join(texts)).toBe("~Save {name} as <b>%s</b>…");
    const late = messageParts("LRM _Left-to-right mark");
    expect(late.join(late.texts)).toBe("LRM _Left-to-right mark");
  });

  it("are those of each branch, without those that say nothing", () => {
    const { texts, join } = messageParts("{n, plural, =0 {} one {# file in {x}} other {# files}} found");
    expect(texts).toEqual(["<ph0> found", "<ph0> file in <ph1>", "<ph0> files"]);
    expect(join(["<ph0> gefunden", "<ph0> Datei in <ph1>", "<ph0> Dateien"])).toBe(
      "{n, plural, =0 {} one {# Datei in {x}} other {# Dateien}} gefunden",
    );
    expect(() => join(["gefunden", "<ph0> Datei in <ph1>", "<ph0> Dateien"])).toThrow(/not the arguments/);
  });

  it("are none where there is nothing to translate", () => {
    for (const source of ["", " ", "%s", "{a} — 5", "\u0000"]) {
      expect(messageParts(source).texts).toEqual([]);
      expect(messageParts(source).join([])).toBe(source);
    }
  });

  it("hold ten placeholders each at most", () => {
    const source = Array.from({ length: 12 }, (_, i) => `word {a${i}}`).join(" ");
    const { texts, join } = messageParts(source);
    expect(texts.map((text) => text.match(/<ph\d>/g)?.length)).toEqual([10, 2]);
    expect(join(texts)).toBe(source);
  });
});
