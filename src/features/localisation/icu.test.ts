import { describe, expect, it } from "vitest";
import { icuMessage } from "./icu.js";

const files =
  "😀 You, {name}, have {count, plural, offset:1 =0 {no file} one {# <b>file</b>} other {# files}} selected.";
const nested =
  "{gender, select, female {{n, plural, one {She has # cat} other {She has # cats}}} other {{n, plural, one {a} other {b}}}}";

describe("an ICU message", () => {
  it("is cut into the text around plurals and the text of each branch", () => {
    expect(icuMessage(files)?.texts).toEqual([
      "😀 You, {name}, have {icu0} selected.",
      "no file",
      "# <b>file</b>",
      "# files",
    ]);
    expect(icuMessage(nested)?.texts).toEqual([
      "{icu0}",
      "{icu0}",
      "She has # cat",
      "She has # cats",
      "{icu0}",
      "a",
      "b",
    ]);
  });

  it("is put together byte for byte, and with translations in its structure", () => {
    for (const message of [files, nested]) {
      const { texts, join } = icuMessage(message)!;
      expect(join(texts)).toBe(message);
    }
    const german = ["😀 {name}, {icu0} ausgewählt.", "keine Datei", "# <b>Datei</b>", "# Dateien"];
    expect(icuMessage(files)!.join(german)).toBe(
      "😀 {name}, {count, plural, offset:1 =0 {keine Datei} one {# <b>Datei</b>} other {# Dateien}} ausgewählt.",
    );
  });

  it("doubles apostrophes that would quote an argument", () => {
    const { join } = icuMessage("{n, plural, one {the {x}} other {it's '{'# of {x}'}'}}")!;
    expect(join(["{icu0}", "l'{x}", "d'# '{'de l'{x}'}'"])).toBe(
      "{n, plural, one {l''{x}} other {d''# '{'de l''{x}'}'}}",
    );
  });

  it("is none without plural or select", () => {
    for (const text of ["", "Hello {name}", "{n, number}", "{ not closed", "a, plural, b"]) {
      expect(icuMessage(text)).toBeUndefined();
    }
  });

  it("is refused where it is broken, and where its translation would be", () => {
    expect(() => icuMessage("{n, plural, one {# file} other {# files}")).toThrow(/cannot be read/);
    expect(() => icuMessage("{n, plural, one {# file}}")).toThrow(/MISSING_OTHER/);
    const { texts, join } = icuMessage(files)!;
    expect(() => join(texts.with(0, "Du hast {icu0}"))).toThrow(/not the arguments/);
    expect(() => join(texts.with(0, "{name} {icu0} {icu0}"))).toThrow(/not the arguments/);
    expect(() => join(texts.with(2, "eine Datei"))).toThrow(/not the arguments/);
    expect(() => join(texts.with(1, "keine {"))).toThrow(/cannot be read/);
  });
});
