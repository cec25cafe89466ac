import { describe, expect, it } from "vitest";
import { translationMemory } from "./translation-memory.js";

const memory = translationMemory([
  { source: "Open file", target: "Datei öffnen" },
  { source: "Close", target: "Zu" },
  { source: "Close", target: "Schließen" },
  { source: " Close ", target: "Schließen" },
  { source: "Open\n  folder", target: "Ordner öffnen" },
  { source: "", target: "nichts" },
  { source: "nothing", target: " " },
]);

describe("a translation memory", () => {
  it("knows what was translated, whatever the white space, and the most frequent translation", () => {
    expect(memory.exact("Open folder\n")).toBe("Ordner öffnen");
    expect(memory.exact("Close")).toBe("Schließen");
    expect(memory.exact("close")).toBeUndefined();
    expect(memory.exact("")).toBeUndefined();
    expect(memory.exact("nothing")).toBeUndefined();
  });

  it("finds the nearest by edits over the longer length", () => {
    expect(memory.nearest("Open  files")).toEqual({
      source: "Open file",
      target: "Datei öffnen",
      distance: 1 / 10,
    });
    expect(memory.nearest("Open folder")?.distance).toBe(0);
    expect(memory.nearest("Cloze😀")).toEqual({ source: "Close", target: "Schließen", distance: 2 / 6 });
  });

  it("finds it among many", () => {
    const many = Array.from({ length: 2000 }, (_, i) => ({
      source: `Delete ${i} of them?`,
      target: `${i}?`,
    }));
    const found = translationMemory([...many, { source: "Open the file", target: "Datei öffnen" }]);
    expect(found.nearest("Open this file")?.target).toBe("Datei öffnen");
    expect(found.nearest("Delete 1234 of these?")?.target).toBe("1234?");
  });

  it("finds none beyond the farthest, nor where there is nothing", () => {
    expect(memory.nearest("Cloze", 0.2)).toBeUndefined();
    expect(memory.nearest("Cloze", 0.21)?.target).toBe("Schließen");
    expect(memory.nearest("zzz")).toBeUndefined();
    expect(memory.nearest("")).toBeUndefined();
    expect(translationMemory([]).nearest("a")).toBeUndefined();
  });
});
