/** Words of REMI and MidiTok's: golden vocabulary and pieces by MidiTok 3.1.0. */
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { readMidi } from "../../src/data/music/midi.js";
import { remiPiece } from "../../src/features/music/remi.js";
import { remiScore } from "../../src/features/music/remi-score.js";
import { remiWords } from "../../src/features/music/remi-words.js";

interface Golden {
  words: string[];
  pieces: Record<string, { midi: string; words: string }>;
}

const golden: Golden = JSON.parse(readFileSync(new URL("goldens/remi.json", import.meta.url), "utf8"));

describe("words of REMI", () => {
  it("are MidiTok's, in its order", () => {
    expect(remiWords).toEqual(golden.words);
  });

  it.each(Object.entries(golden.pieces))("say %s as MidiTok does", (_, { midi, words }) => {
    const { score } = readMidi(Buffer.from(midi, "base64"), "golden.mid");
    expect(remiPiece(score).bars.flat().join(" ")).toBe(words);
    expect(
      remiPiece(remiScore(words.split(" ")))
        .bars.flat()
        .join(" "),
    ).toBe(words);
  });
});
