import { describe, expect, it } from "vitest";
import { segmentsOf } from "./segments.js";
import type { Word } from "./transcript.js";

/** Words of half a second with so much silence before each. */
function spoken(...parts: readonly [text: string, pause: number][]): Word[] {
  let at = 0;
  return parts.map(([text, pause]) => {
    const start = at + pause;
    at = start + 0.5;
    return { text, start, end: at, confidence: 0.5, characters: text.length };
  });
}

const textsOf = (words: readonly Word[]) => segmentsOf(words).map(({ text }) => text);

describe("segments", () => {
  it("end at pauses", () => {
    const words = spoken(["a", 1], ["b", 0.7], ["c", 0.8], ["d", 0]);
    const segments = segmentsOf(words);
    expect(segments.map(({ text, start, end }) => [text, start, end])).toEqual([
      ["a b", 1, 2.7],
      ["c d", 3.5, 4.5],
    ]);
    expect(segments.flatMap((segment) => segment.words)).toEqual(words);
    expect(segments[0].confidence).toBeCloseTo(0.5, 12);
  });

  it("are cut at their longest pause where they are too long", () => {
    const long = spoken(
      ...[0, 0.1, 0.1, 0.3, 0.1, 0.1].map((pause) => ["x".repeat(16), pause] as [string, number]),
    );
    expect(segmentsOf(long).map(({ words }) => words.length)).toEqual([3, 3]);
    const slow = spoken(
      ...Array.from({ length: 14 }, (_, i) => [`${i}`, i === 4 ? 0.2 : 0.1] as [string, number]),
    );
    expect(textsOf(slow)).toEqual(["0 1 2 3", "4 5 6 7 8 9 10 11 12 13"]);
  });

  it("are cut in the middle where all pauses are alike", () => {
    const even = spoken(...Array.from({ length: 16 }, () => ["word", 0] as [string, number]));
    expect(segmentsOf(even).map(({ words }) => words.length)).toEqual([8, 8]);
  });

  it("may hold one word that is too long, and none where there are no words", () => {
    expect(textsOf(spoken(["x".repeat(100), 0], ["y", 0]))).toEqual(["x".repeat(100), "y"]);
    expect(segmentsOf([])).toEqual([]);
  });
});
