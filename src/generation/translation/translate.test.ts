import { describe, expect, it } from "vitest";
import { logSoftmax, ScriptedScorer } from "../../../test/scripted-scorer.js";
import { byteTokenizer } from "../../features/tokenizer/byte-tokenizer.js";
import { addSpecialTokens } from "../../features/tokenizer/special-tokens.js";
import { GenerationError } from "../errors.js";
import { decodeBatch, type Encode, type SentenceBatch } from "./sentence-batch.js";
import { translate } from "./translate.js";
import type { Translator } from "./translate-sentences.js";

const specials = ["<pad>", "</s>", ">>de<<", ">>zh<<", "<ph0>", "<ph1>"];
const tokenizer = addSpecialTokens(byteTokenizer(), specials, { endOfText: "</s>" });
const special = (name: string) => tokenizer.specialTokens.get(name)!;
const END = special("</s>");

/** Sources, end of text included, and how many beams each batch had. */
interface Seen {
  readonly sources: number[][];
  readonly batches: { sentences: number; beams: number }[];
}

/** Writes what `answer` makes of the source's tokens; every other token is e^-10 times as likely. */
function scripted(answer: (text: string) => string = (text) => text): { translator: Translator; seen: Seen } {
  const seen: Seen = { sources: [], batches: [] };
  const vocabSize = tokenizer.vocabSize + 3;
  const encode: Encode = async (sources, beams) => {
    const answers = sources.map((ids) => {
      seen.sources.push(Array.from(ids));
      return [...tokenizer.encode(answer(tokenizer.decode(Array.from(ids).slice(1, -1)))), END];
    });
    seen.batches.push({ sentences: sources.length, beams });
    return new ScriptedScorer(vocabSize, beams, sources.length, (sentence, ids) => {
      const scores = Array(vocabSize).fill(-10);
      scores[answers[sentence][ids.length] ?? END] = 0;
      return logSoftmax(scores);
    });
  };
  const decoders = async () => [(batch: SentenceBatch) => decodeBatch(encode, batch)];
  return { translator: { model: { vocabSize }, decoders }, seen };
}

const copied = (texts: string[], options = {}) =>
  translate(scripted().translator, tokenizer, texts, { to: "de", beams: 2, ...options });

describe("translating texts", () => {
  it("keeps the order of texts and the white space between sentences", async () => {
    const { translator, seen } = scripted((text) => text.toUpperCase());
    const texts = ["One.  Two three four.\n\tFive", "", "  \n", "x", "Cafe\u0301"];
    const translations = await translate(translator, tokenizer, texts, { to: "de", beams: 2 });
    expect(translations.map(({ text }) => text)).toEqual([
      "ONE.  TWO THREE FOUR.\n\tFIVE",
      "",
      "  \n",
      "X",
      "CAFÉ",
    ]);
    expect(translations[0].sentences.map(({ source }) => source)).toEqual([
      "One.",
      "Two three four.",
      "Five",
    ]);
    expect(translations[1]).toEqual({ text: "", confidence: 1, flags: [], sentences: [] });
    const lengths = seen.sources.map(({ length }) => length);
    expect(lengths).toEqual(lengths.toSorted((a, b) => b - a));
    for (const source of seen.sources) expect([source[0], source.at(-1)]).toEqual([special(">>de<<"), END]);
  });

  it("copies what has no letter", async () => {
    const texts = ["1,000.50", "—", "<ph0>", "🎉", "12. "];
    const translations = await copied(texts);
    expect(translations.map(({ text }) => text)).toEqual(texts);
    expect(translations.flatMap(({ sentences }) => sentences)).toEqual([]);
  });

  it("writes each placeholder of the source once, whatever the model says", async () => {
    const { translator } = scripted((text) => text.replace("<ph0>", "<ph1><ph1>"));
    const [{ text, flags }] = await translate(translator, tokenizer, ["Hi <ph0>!"], { to: "de" });
    expect(text.replace("<ph0>", "")).not.toContain("<");
    expect(text.split("<ph0>")).toHaveLength(2);
    expect(flags).toEqual([]);
  });

  it("writes required terms", async () => {
    const terms = (sentence: string) => (sentence.includes("dog") ? ["Hund"] : []);
    const translations = await copied(["A dog.", "A cat."], { terms, beams: 4 });
    expect(translations[0].text).toMatch(/(?:^| )Hund/);
    expect(translations[1].text).toBe("A cat.");
    await expect(copied(["A dog."], { terms: () => [" "] })).rejects.toThrow(GenerationError);
  });

  it("writes anew what loops, and says so", async () => {
    const { translator, seen } = scripted((text) => (text === "ab" ? "ab ".repeat(9) : text));
    const texts = ["ab", "ha ha ha ha ha", "bowl"];
    const [loop, ...others] = await translate(translator, tokenizer, texts, { to: "de", beams: 2 });
    expect(loop.flags).toContain("loop");
    expect(loop.text).not.toMatch(/(?:ab ){2}/);
    expect(others.map(({ text, flags }) => [text, flags])).toEqual([
      ["ha ha ha ha ha", []],
      ["bowl", []],
    ]);
    expect(seen.batches).toEqual([
      { sentences: 3, beams: 2 },
      { sentences: 1, beams: 1 },
    ]);
  });

  it("says when a translation has no end", async () => {
    const text = "abcdefghijklmnopqrstuvwxyz";
    const { translator } = scripted((source) => (source === "q" ? text : source));
    const [{ flags, sentences }] = await translate(translator, tokenizer, ["q"], { to: "de", beams: 1 });
    expect(flags).toEqual(["cut"]);
    expect(sentences[0].ids).toHaveLength(14); // 1.5 times language, letter and end, rounded down, and 10
  });

  it("cuts no long text off", async () => {
    const text = Array.from({ length: 40 }, (_, i) => `word${i}`).join(" ");
    const [translation] = await copied([text], { beams: 1, longest: 30 });
    expect(translation.text).toBe(text);
    expect(translation.flags).toEqual(["split"]);
    expect(Math.max(...translation.sentences.map(({ source }) => source.length))).toBeLessThanOrEqual(30);
  });

  it("leaves out control characters and other special tokens, and says so", async () => {
    const [{ text, flags }] = await copied(["a\u0000b </s>c\u0007"]);
    expect(text).toBe("ab c");
    expect(flags).toEqual(["dropped"]);
  });

  it("draws translations from a seed, whatever the batch", async () => {
    const draw = async (seed: number, texts: string[]) => {
      const options = { sampling: { temperature: 4, seed } };
      return (await copied(texts, options)).map(({ text }) => text);
    };
    const texts = ["First text", "Second"];
    const [first] = await draw(1, texts);
    expect(await draw(1, texts.slice(0, 1))).toEqual([first]);
    expect(await draw(2, texts.slice(0, 1))).not.toEqual([first]);
  });

  it("refuses unknown languages and settings out of range", async () => {
    await expect(copied(["x"], { to: "fr" })).rejects.toThrow(/"fr"; languages: de, zh/);
    await expect(copied(["x"], { beams: 0 })).rejects.toThrow(GenerationError);
    await expect(copied(["x"], { lengthPenalty: Number.NaN })).rejects.toThrow(GenerationError);
    await expect(translate(scripted().translator, byteTokenizer(), ["x"], { to: "de" })).rejects.toThrow(
      GenerationError,
    );
  });

  it("ends between batches when it is asked to", async () => {
    const stop = new AbortController();
    const done: number[] = [];
    const texts = Array.from({ length: 170 }, (_, i) => `t ${i}`);
    const onSentences = (count: number) => {
      done.push(count);
      stop.abort(new Error("stopped"));
    };
    await expect(copied(texts, { onSentences, signal: stop.signal })).rejects.toThrow("stopped");
    expect(done).toEqual([160]);
  });
});
