import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { EVERY_CHARACTER, intersection, utf8Sequences } from "./characters.js";

describe("UTF-8 sequences", () => {
  it("spell every range of characters in UTF-8, and no other character", () => {
    const codePoint = fc.oneof(fc.nat(0xd7ff), fc.integer({ min: 0xe000, max: 0x10ffff }), fc.nat(0x7ff));
    const pair = fc.tuple(codePoint, codePoint).map(([a, b]) => [Math.min(a, b), Math.max(a, b)] as const);
    fc.assert(
      fc.property(pair, fc.array(codePoint, { minLength: 20 }), ([first, last], points) => {
        const spellings = intersection([[first, last]], EVERY_CHARACTER).flatMap(utf8Sequences);
        const near = [first, last].flatMap((edge) => [edge - 1, edge, edge + 1]).filter(isCharacter);
        for (const point of [...points, ...near]) {
          const bytes = Buffer.from(String.fromCodePoint(point));
          const matches = spellings.filter(
            (ranges) =>
              ranges.length === bytes.length && ranges.every(([a, b], i) => a <= bytes[i] && bytes[i] <= b),
          );
          expect(matches.length).toBe(point >= first && point <= last ? 1 : 0);
        }
      }),
      { seed: 4, numRuns: 300 },
    );
  });
});

/** Whether a number is a code point that UTF-8 can spell. */
function isCharacter(point: number): boolean {
  return point >= 0 && point <= 0x10ffff && !(point >= 0xd800 && point <= 0xdfff);
}
