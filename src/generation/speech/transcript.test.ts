import { describe, expect, it } from "vitest";
import { GenerationError } from "../errors.js";
import { beamSearch } from "./beam.js";
import type { Emissions } from "./emissions.js";
import { confidenceOf, transcriptOf, wordsOf } from "./transcript.js";
import { type EmittedUtterance, utterancesOf } from "./utterances.js";

const TOKENS = ["[PAD]", "[UNK]", "|", ..."abc"];

/** A frame a letter, `-` for blank; the letter has the probability 0.9. */
function heard(path: string) {
  const vocabulary = TOKENS.length;
  const data = new Float32Array(path.length * vocabulary).fill(Math.log(0.1 / (vocabulary - 1)));
  for (const [frame, letter] of [...path].entries()) {
    data[frame * vocabulary + Math.max(0, TOKENS.indexOf(letter))] = Math.log(0.9);
  }
  return { data, frames: path.length, vocabulary };
}

/** The same in parts of so many frames. */
function inParts({ data, vocabulary }: Emissions, size: number): Emissions[] {
  const parts: Emissions[] = [];
  for (let at = 0; at < data.length; at += size * vocabulary) {
    const part = data.subarray(at, at + size * vocabulary);
    parts.push({ data: part, frames: part.length / vocabulary, vocabulary });
  }
  return parts;
}

async function utterancesIn(emissions: Emissions): Promise<EmittedUtterance[]> {
  const utterances: EmittedUtterance[] = [];
  for await (const utterance of utterancesOf(inParts(emissions, 700))) utterances.push(utterance);
  return utterances;
}

const timesOf = async (path: string) =>
  (await transcriptOf([heard(path)], TOKENS)).words.map(({ text, start, end }) => [text, start, end]);

describe("words", () => {
  it("have times: to 60 ms after the last peak, or to the next, or to the end", async () => {
    expect(await timesOf("--aa-b----|---c--")).toEqual([
      ["ab", 0.04, 0.18],
      ["c", 0.28, 0.34],
    ]);
    expect(await timesOf("a|b-|")).toEqual([
      ["a", 0, 0.02],
      ["b", 0.04, 0.08],
    ]);
  });

  it("are not made of borders alone", async () => {
    expect(await timesOf("|-|a||-|b|")).toEqual([
      ["a", 0.06, 0.08],
      ["b", 0.16, 0.18],
    ]);
    expect(await transcriptOf([heard("|--|")], TOKENS)).toEqual({ text: "", words: [], confidence: 0 });
    expect((await transcriptOf([heard("")], TOKENS)).text).toBe("");
  });

  it("are as sure as their characters, a transcript as all of them", async () => {
    const characters = [0.5, 0.25, 1, 0.1, 0.9].map((probability, i) => ({
      id: i === 3 ? 2 : 3,
      start: i,
      end: i + 1,
      logProbability: Math.log(probability),
    }));
    const words = wordsOf(characters, TOKENS, 5);
    expect(words.map(({ confidence }) => confidence)).toEqual([
      expect.closeTo(0.125 ** (1 / 3), 12),
      expect.closeTo(0.9, 12),
    ]);
    expect(confidenceOf(words)).toBeCloseTo((0.125 * 0.9) ** (1 / 4), 12);
    expect((await transcriptOf([heard("a-b|")], TOKENS)).confidence).toBeCloseTo(0.9, 6);
  });

  it("of a search have the same times where it finds the same", async () => {
    const emissions = heard("--aa-b----|---c--b|--cc-c");
    const found = await transcriptOf([emissions], TOKENS, beamSearch(TOKENS));
    expect(found.text).toBe("ab cb cc");
    const { words } = await transcriptOf([emissions], TOKENS);
    expect(found.words).toEqual(
      words.map((word) => ({ ...word, confidence: expect.closeTo(word.confidence, 6) })),
    );
  });
});

describe("a long sound", () => {
  const part = (blanks: number) => `${"a-b|".repeat(300)}${"-".repeat(blanks)}`;

  it("is searched in stretches, cut where it is blank longest", async () => {
    const emissions = heard(`${part(40)}${part(30)}${part(0)}`);
    const utterances = await utterancesIn(emissions);
    expect(utterances.map(({ firstFrame, frames }) => [firstFrame, frames])).toEqual([
      [0, 1220],
      [1220, 1235],
      [2455, 1215],
    ]);
    const found = await transcriptOf([emissions], TOKENS, beamSearch(TOKENS, { width: 4 }));
    const { text, words } = await transcriptOf([emissions], TOKENS);
    expect(found.text).toBe(text);
    expect(found.words.map(({ start, end }) => [start, end])).toEqual(
      words.map(({ start, end }) => [start, end]),
    );
  });

  it("is the same in parts, also where one cuts a character in two", async () => {
    const emissions = heard("--aa-bbb---|---c--b|--cc-c");
    for (const search of [undefined, beamSearch(TOKENS)]) {
      const whole = await transcriptOf([emissions], TOKENS, search);
      for (const size of [1, 3, 7]) {
        expect(await transcriptOf(inParts(emissions, size), TOKENS, search)).toEqual(whole);
      }
    }
  });

  it("is cut by force where nothing is blank", async () => {
    expect((await utterancesIn(heard("ab".repeat(1000)))).map(({ frames }) => frames)).toEqual([1500, 500]);
  });

  it("of another size is refused", async () => {
    const { data, vocabulary } = heard("abc");
    for (const search of [undefined, beamSearch(TOKENS)]) {
      const transcript = transcriptOf([{ data, frames: 2, vocabulary }], TOKENS, search);
      await expect(transcript).rejects.toThrow(GenerationError);
    }
  });
});
