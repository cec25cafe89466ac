import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { edits } from "./edits.js";
import { confusions, type ErrorRate, errorRate, errorRatesBySpeaker } from "./error-rate.js";

/** Rate, substitutions, deletions, insertions, hits. */
type Measured = [number, number, number, number, number];

/** Made by jiwer: test/parity/make_transcript_goldens.py. */
const golden: { errorRates: [string, string, Measured, Measured][]; corpus: Measured } = JSON.parse(
  readFileSync("test/parity/goldens/transcripts.json", "utf8"),
);

const measured = ({ rate, substitutions, deletions, insertions, hits }: ErrorRate): Measured => [
  rate,
  substitutions,
  deletions,
  insertions,
  hits,
];

describe("the error rate", () => {
  it("is jiwer's, with the same substitutions, deletions and insertions", () => {
    for (const [reference, hypothesis, word, character] of golden.errorRates) {
      expect(measured(errorRate([{ reference, hypothesis }], "word"))).toEqual(word);
      expect(measured(errorRate([{ reference, hypothesis }], "character"))).toEqual(character);
    }
    const all = golden.errorRates.map(([reference, hypothesis]) => ({ reference, hypothesis }));
    expect(measured(errorRate(all, "word"))).toEqual(golden.corpus);
  });

  it("counts an empty hypothesis as deletions, and how many there are", () => {
    const result = errorRate(
      [
        { reference: "one two", hypothesis: "" },
        { reference: "three", hypothesis: "three" },
        { reference: "", hypothesis: " " },
      ],
      "word",
    );
    expect(result).toEqual({
      rate: 2 / 3,
      substitutions: 0,
      deletions: 2,
      insertions: 0,
      hits: 1,
      length: 3,
      utterances: 3,
      emptyHypotheses: 1,
    });
  });

  it("counts insertions where nothing was said, without dividing by zero", () => {
    expect(errorRate([{ reference: "", hypothesis: "a b" }], "word")).toMatchObject({
      rate: 2,
      insertions: 2,
    });
    expect(errorRate([{ reference: "", hypothesis: "" }], "character").rate).toBe(0);
    expect(errorRate([], "word")).toMatchObject({ rate: 0, utterances: 0 });
  });

  it("counts characters beyond 16 bits once, and spaces", () => {
    const result = errorRate([{ reference: "🙂  🙂", hypothesis: "🙃 🙂" }], "character");
    expect(result).toMatchObject({ length: 3, substitutions: 1, hits: 2 });
  });

  it("is told apart by speakers", () => {
    const utterances = [
      { reference: "a b", hypothesis: "a b", speaker: "zoe" },
      { reference: "a b", hypothesis: "a c", speaker: "adam" },
      { reference: "a b", hypothesis: "b", speaker: "zoe" },
      { reference: "a", hypothesis: "b" },
    ];
    const rates = errorRatesBySpeaker(utterances, "word");
    expect([...rates].map(([speaker, { rate, utterances }]) => [speaker, rate, utterances])).toEqual([
      ["zoe", 1 / 4, 2],
      ["adam", 1 / 2, 1],
      ["", 1, 1],
    ]);
  });
});

describe("edits", () => {
  it("are in order, what is equal included", () => {
    expect(edits([..."abcdf"], [..."axdfe"])).toEqual([
      { reference: "a", hypothesis: "a" },
      { reference: "b", hypothesis: "x" },
      { reference: "c", hypothesis: undefined },
      { reference: "d", hypothesis: "d" },
      { reference: "f", hypothesis: "f" },
      { reference: undefined, hypothesis: "e" },
    ]);
    expect(edits([], [])).toEqual([]);
  });
});

describe("confusions", () => {
  it("come with the most frequent first", () => {
    const utterances = [
      { reference: "five nine five", hypothesis: "nine nine nine" },
      { reference: "five two", hypothesis: "nine two oh" },
      { reference: "one six", hypothesis: "six" },
      { reference: "one two", hypothesis: "two" },
    ];
    expect(confusions(utterances, "word")).toEqual([
      { reference: "five", hypothesis: "nine", count: 3 },
      { reference: "one", hypothesis: undefined, count: 2 },
      { reference: undefined, hypothesis: "oh", count: 1 },
    ]);
    expect(confusions([{ reference: "ab", hypothesis: "ab" }], "character")).toEqual([]);
  });
});
