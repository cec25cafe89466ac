import { describe, expect, it } from "vitest";
import { withAccelerator, withoutAccelerator } from "./accelerator.js";

describe("accelerators", () => {
  it.each([
    ["~File", "File", "~", "F"],
    ["Save ~As...", "Save As...", "~", "A"],
    ["E~xit", "Exit", "~", "x"],
    ["_Open", "Open", "_", "O"],
    ["Save &As", "Save As", "&", "A"],
    ["Re&&name {x}", "Rename {x}", "&&", "n"],
    ["另存为(~A)...", "另存为...", "~", "A"],
    ["f(~x)", "f(x)", "~", "x"],
  ])("of %j are taken away", (marked, text, mark, letter) => {
    expect(withoutAccelerator(marked)).toEqual({ text, accelerator: { mark, letter } });
  });

  it.each([
    "File",
    "snake_case",
    "_two_ of them",
    "R&D",
    "a & b",
    "~5",
    "~/path",
    "&amp;x",
    "{_a}",
    "~A ~B",
    "",
  ])("are not seen in %j", (text) => {
    expect(withoutAccelerator(text)).toEqual({ text });
  });

  it("come before the same letter, else before the first, and never into a placeholder", () => {
    const put = (text: string, letter: string) => withAccelerator(text, { mark: "~", letter });
    expect(put("Alle Dateien", "D")).toBe("Alle ~Dateien");
    expect(put("Beenden", "d")).toBe("Been~den");
    expect(put("<b>{file}</b> öffnen", "F")).toBe("<b>{file}</b> ö~ffnen");
    expect(put("{file} zu", "F")).toBe("{file} ~zu");
    expect(put("另存为...", "a")).toBe("另存为(~A)...");
    expect(put("5 %", "a")).toBe("5 %");
  });
});
