import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { randomStream } from "../../core/random.js";
import { choraleAlphabet, choraleGrid } from "../../features/music/chorale-words.js";
import { musicTokenizer } from "../../features/music/music-tokenizer.js";
import { musicConstraint } from "./music-constraint.js";

const tokenizer = musicTokenizer(choraleAlphabet);

/** What comes of choosing at random among what may come. */
function drawn(seed: number, before: readonly string[], bars: number): string[] {
  const constraint = musicConstraint(tokenizer, choraleAlphabet, { before, bars });
  const random = randomStream(seed, "a test");
  const words: string[] = [];
  while (!constraint.isComplete) {
    const logits = new Float32Array(tokenizer.vocabSize);
    constraint.mask(logits);
    const allowed = [...logits.keys()].filter((id) => logits[id] === 0);
    const id = allowed[random.integer(allowed.length)];
    if (id === tokenizer.endOfText) break;
    constraint.accept(id);
    words.push(tokenizer.idToToken(id)!);
  }
  return words;
}

describe("musicConstraint", () => {
  it("lets only music through, of so many bars", () => {
    fc.assert(
      fc.property(fc.integer(), fc.integer({ min: 1, max: 3 }), (seed, bars) => {
        const words = drawn(seed, [], bars);
        const begun = words.filter((word) => word === choraleAlphabet.barWord).length;
        // It ends with the word of one bar more, or by itself in the last one.
        expect([bars, bars + 1]).toContain(begun);
        expect(choraleGrid(words).length % 4).toBe(0);
      }),
      { numRuns: 30 },
    );
  });

  it("goes on from the middle of a bar", () => {
    const before = ["Beat_1", "Soprano_60", "Alto_55"];
    expect(drawn(1, before, 1)[0]).toMatch(/^Tenor_/);
  });
});
