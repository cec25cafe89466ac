import { describe, expect, it } from "vitest";
import { bruteForce, wildWeights } from "../../test/brute-force.js";
import { nodeRuntime } from "../core/runtime/node.js";
import type { SourceDocument } from "../data/text/document.js";
import { byteTokenizer } from "../features/tokenizer/byte-tokenizer.js";
import { trainCharacterTokenizer } from "../features/tokenizer/character-tokenizer.js";
import { gpt2 } from "../models/gpt2.js";
import { compileScorer } from "./log-likelihood.js";
import { measurePerplexity, rollingWindows } from "./perplexity.js";

const model = gpt2({ vocabSize: 257, contextLength: 12, numLayers: 2, numHeads: 2, width: 16 });
const weights = wildWeights(model);
const scorer = compileScorer(nodeRuntime, model, weights, { threads: 1, spin: false });
const tokenizer = byteTokenizer({ specialTokens: ["<|endoftext|>"] });

async function* documents(...texts: (string | string[])[]): AsyncGenerator<SourceDocument> {
  for (const [i, text] of texts.entries()) yield { source: `${i}.txt`, pieces: () => [text].flat() };
}

/** Windows as the harness writes them: what the model sees, and what it predicts. */
const windows = (count: number, prefix: number, contextLength: number, stride: number) => {
  const tokens = Int32Array.from({ length: count + 1 }, (_, i) => (i === 0 ? prefix : i - 1));
  return [...rollingWindows(tokens, { contextLength, stride })].map(({ context, continuation }) => [
    [...context, ...continuation].slice(0, -1),
    [...continuation],
  ]);
};
const range = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, i) => from + i);

describe("windows", () => {
  // What get_rolling_token_windows(range(34), prefix, max_seq_len 10, context_len 1 and 5) gives, disjoint or not.
  it("are those of lm-evaluation-harness", () => {
    expect(windows(34, -1, 10, 10)).toEqual([
      [range(-1, 8), range(0, 9)],
      [range(9, 18), range(10, 19)],
      [range(19, 28), range(20, 29)],
      [range(23, 32), range(30, 33)],
    ]);
    expect(windows(34, -1, 10, 6)).toEqual([
      [range(-1, 8), range(0, 9)],
      [range(5, 14), range(10, 15)],
      [range(11, 20), range(16, 21)],
      [range(17, 26), range(22, 27)],
      [range(23, 32), range(28, 33)],
    ]);
    expect(windows(3, -1, 10, 10)).toEqual([[range(-1, 1), range(0, 2)]]);
    expect(windows(0, -1, 10, 10)).toEqual([]);
  });
});

describe("perplexity", () => {
  const text = "It is a truth universally acknowledged, ...";

  /** ln P of each token, from the window it is in by its place alone. */
  async function logLikelihood(stride: number): Promise<number> {
    const predict = await bruteForce(model, weights);
    const { contextLength } = model;
    const tokens = [256, ...new TextEncoder().encode(text)];
    let sum = 0;
    for (let i = 1; i < tokens.length; i++) {
      const moves = Math.max(0, Math.ceil((i - contextLength) / stride));
      const end = Math.min(tokens.length - 1, contextLength + moves * stride);
      sum += (await predict(tokens.slice(Math.max(0, end - contextLength), i)))[tokens[i]];
    }
    return sum;
  }

  it.each([1, 6, 12])("with a stride of %i is what brute force finds", async (stride) => {
    const expected = await logLikelihood(stride);
    const result = await measurePerplexity(await scorer, tokenizer, documents(text), { stride });
    // Float32 in another order over some 40 tokens at about -9 nats.
    expect(result.logLikelihood).toBeCloseTo(expected, 2);
    const bytes = text.length;
    expect(result).toMatchObject({ tokens: bytes, bytes, words: 7, documents: 1, unpredicted: 0, stride });
    expect(result.tokenPerplexity).toBeCloseTo(Math.exp(-result.logLikelihood / bytes), 6);
    expect(result.bytePerplexity).toBeCloseTo(result.tokenPerplexity, 6);
    expect(result.wordPerplexity / Math.exp(-result.logLikelihood / 7)).toBeCloseTo(1, 9);
    expect(result.bitsPerByte).toBeCloseTo(Math.log2(result.tokenPerplexity), 9);
  });

  it("differs between strides, so the stride does something", async () => {
    const by = async (stride: number) =>
      (await measurePerplexity(await scorer, tokenizer, documents(text), { stride })).logLikelihood;
    expect(Math.abs((await by(1)) - (await by(12)))).toBeGreaterThan(0.1);
  });

  it("sums over documents, each for itself, and passes over empty ones", async () => {
    const of = async (...texts: (string | string[])[]) =>
      measurePerplexity(await scorer, tokenizer, documents(...texts), { stride: 5 });
    const parts = [text, "b", "Two words."];
    const apart = await Promise.all(parts.map((part) => of(part)));
    const together = await of(parts[0], [], parts[1], parts[2]);
    const sum = (key: "logLikelihood" | "words" | "bytes" | "tokens") =>
      apart.reduce((s, r) => s + r[key], 0);
    expect(together.logLikelihood).toBeCloseTo(sum("logLikelihood"), 3);
    for (const key of ["words", "bytes", "tokens"] as const) expect(together[key]).toBe(sum(key));
    expect(together.documents).toBe(3);
  });

  // len(re.split(r"\s+", text)) and len(text.encode()) by Python.
  it.each([
    ["one two  three", 3, 14],
    [" lead and trail \n", 5, 17],
    ["a\u00a0b\u3000c\u001cd", 4, 10],
    ["word", 1, 4],
    ["\n", 2, 1],
    ["a\ufeffb c", 2, 7],
    ["x \u200b y", 3, 7],
  ])("counts words and bytes as the harness: %j", async (counted, words, bytes) => {
    const whole = await measurePerplexity(await scorer, tokenizer, documents(counted));
    expect(whole).toMatchObject({ words, bytes });
    const pieces = await measurePerplexity(await scorer, tokenizer, documents([...counted]));
    expect(pieces).toEqual(whole);
  });

  it("cannot predict the first token of a text when the tokenizer starts none, and says so", async () => {
    const letters = await trainCharacterTokenizer("abcdefgh ");
    const small = gpt2({ vocabSize: 9, contextLength: 4, numLayers: 1, numHeads: 1, width: 4 });
    const own = await compileScorer(nodeRuntime, small, wildWeights(small), { threads: 1, spin: false });
    const result = await measurePerplexity(own, letters, documents("abcdefg", "ha", "b"));
    expect(result).toMatchObject({ tokens: 7, unpredicted: 3, bytes: 10, documents: 3 });
    await expect(measurePerplexity(own, letters, documents("a", "b"))).rejects.toThrow(
      /no token to predict\n.*2 texts/,
    );
    await expect(measurePerplexity(own, letters, documents("ab", "aQ"))).rejects.toThrow(/1\.txt: "Q"/);
    await own.release();
  });

  it.each([0, 13, 2.5])("refuses a stride of %d", async (stride) => {
    const measured = measurePerplexity(await scorer, tokenizer, documents(text), { stride });
    await expect(measured).rejects.toThrow(/stride is out of range\n.*context is 12/);
  });
});
