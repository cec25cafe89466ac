import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { DataError } from "../../files/errors.js";
import { GenerationError } from "../errors.js";
import { readArpa, writeArpa } from "./arpa.js";
import { trainNgrams } from "./kneser-ney.js";
import { END_OF_SENTENCE, type NgramModel, START_OF_SENTENCE, UNKNOWN_WORD } from "./ngram.js";

/** Made by KenLM's lmplz: test/parity/make_transcript_goldens.py. */
const golden: { ngrams: { texts: string[]; arpa: string } } = JSON.parse(
  readFileSync("test/parity/goldens/transcripts.json", "utf8"),
);
const { texts, arpa } = golden.ngrams;

/** Of all words after a context. */
function total(model: NgramModel, context: readonly string[]): number {
  const words = [...model.words(), UNKNOWN_WORD, END_OF_SENTENCE];
  return words.reduce((sum, word) => sum + 10 ** model.logProbability(context, word), 0);
}

describe("Kneser-Ney", () => {
  it("gives lmplz's numbers", () => {
    const [ours, theirs] = [trainNgrams(texts, 3), readArpa(arpa)];
    for (const [n, ngrams] of theirs.orders.entries()) {
      expect(new Set(ours.orders[n].keys())).toEqual(new Set(ngrams.keys()));
      for (const [ngram, { logProbability, backoff }] of ngrams) {
        const entry = ours.orders[n].get(ngram)!;
        // lmplz computes and prints in float32, and gives <s> a probability of 1 (log 0).
        if (ngram !== START_OF_SENTENCE) expect(entry.logProbability).toBeCloseTo(logProbability, 5);
        expect(entry.backoff).toBeCloseTo(backoff, 5);
      }
    }
  });

  it.each([1, 2, 3, 4])("gives every context of order %i probabilities that sum to 1", (order) => {
    const model = trainNgrams(texts, order);
    const seen = model.orders.flatMap((ngrams) => [...ngrams.keys()].map((ngram) => ngram.split(" ")));
    const contexts = seen.filter((words) => words.at(-1) !== END_OF_SENTENCE);
    contexts.push([], ["never", "heard"], ["press", "never"], ["goodbye", "one"]);
    for (const context of contexts) expect(total(model, context)).toBeCloseTo(1, 10);
  });

  it("finds a text like those learned likelier than its words in another order", () => {
    const model = trainNgrams(texts, 3);
    const likely = model.textLogProbability("press two to record a message");
    expect(likely).toBeGreaterThan(model.textLogProbability("message a record to two press") + 3);
    expect(model.has("press")).toBe(true);
    expect(model.has("message a")).toBe(false);
  });

  it("refuses no words, markers and no order", () => {
    expect(() => trainNgrams(["", " "], 2)).toThrow(/no words/);
    expect(() => trainNgrams(["a </s> b"], 2)).toThrow(GenerationError);
    expect(() => trainNgrams(["a b"], 0)).toThrow(GenerationError);
  });
});

describe("ARPA", () => {
  it("is read back as it was written", () => {
    const model = trainNgrams(texts, 3);
    const text = writeArpa(model);
    const again = readArpa(text);
    expect(writeArpa(again)).toBe(text);
    const one = "please press one";
    expect(again.textLogProbability(one)).toBeCloseTo(model.textLogProbability(one), 5); // seven digits each
  });

  it("is written as the format has it", () => {
    expect(writeArpa(trainNgrams(["a"], 2)).split("\n")).toEqual([
      "\\data\\",
      "ngram 1=4",
      "ngram 2=2",
      "",
      "\\1-grams:",
      expect.stringMatching(/^-0\.\d+\t<unk>\t0$/),
      expect.stringMatching(/^-99\t<s>\t-0\.\d+$/),
      expect.stringMatching(/^-0\.\d+\ta\t-0\.\d+$/),
      expect.stringMatching(/^-0\.\d+\t<\/s>\t0$/),
      "",
      "\\2-grams:",
      expect.stringMatching(/^-0\.\d+\t<s> a$/),
      expect.stringMatching(/^-0\.\d+\ta <\/s>$/),
      "",
      "\\end\\",
      "",
    ]);
  });

  const sri = [
    "made by hand",
    "",
    "\\data\\",
    "ngram 1=4",
    "ngram  2 = 2",
    "",
    "\\1-grams:",
    "-0.5 </s>",
    "-99\t<s>\t-.25",
    "-0.75 a\t-3e-1",
    "-inf b",
    "",
    "\\2-grams:",
    "-0.125\t<s> a",
    "-1 a </s>",
    "",
    "\\end\\",
  ];

  it("is read as SRILM writes it: no weights where none are needed, spaces, other line ends", () => {
    const model = readArpa(sri.join("\r\n"));
    expect(model.textLogProbability("a")).toBe(-0.125 - 1);
    expect(model.logProbability([START_OF_SENTENCE], END_OF_SENTENCE)).toBe(-0.25 - 0.5);
    expect(model.logProbability(["a"], "a")).toBe(-0.3 - 0.75);
    expect(model.logProbability(["b"], "b")).toBe(Number.NEGATIVE_INFINITY);
    expect(model.logProbability([], "new")).toBe(-100); // it has no <unk>
  });

  it.each([
    [4, "ngram 1=five", /line 4: "ngram 1=five"/],
    [5, "ngram 3=2", /line 5/],
    [4, "ngram 1=5", /5 1-grams, not 4, expected[\s\S]*line 13/],
    [8, "zero </s>", /line 8/],
    [8, "0.5 </s>", /line 8/],
    [9, "-99 <s> -0.25 more", /line 9/],
    [9, "-99 <s> weight", /line 9/],
    [11, "-1 a", /not there before[\s\S]*line 11/],
    [13, "\\3-grams:", /line 13/],
    [14, "-0.125 a", /line 14/],
    [14, "-0.125 <s> c", /1-grams have[\s\S]*line 14/],
    [17, "", /more expected[\s\S]*line 18: "the end"/],
    [3, "", /more expected/],
  ])("is refused with line %i as %j", (line, content, message) => {
    const reading = () => readArpa(sri.with(line - 1, content).join("\n"), "lm.arpa");
    expect(reading).toThrow(DataError);
    expect(reading).toThrow(message);
    expect(reading).toThrow(/lm\.arpa/);
  });
});
