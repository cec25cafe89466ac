import { Tokenizer as HuggingFaceModel } from "@huggingface/tokenizers";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { trainCharacterTokenizer } from "./character-tokenizer.js";
import { TokenizerError } from "./tokenizer.js";

const TEXT = "To be, or not to be.\n\n1 2  天地🙂e\u0301\r\n";

describe("the character tokenizer", () => {
  it("numbers the code points in their order", async () => {
    const tokenizer = await trainCharacterTokenizer(["cab", "🙂a\uffff"], {
      specialTokens: ["<|endoftext|>"],
    });
    expect([..."abc\uffff🙂"].map((c) => tokenizer.tokenToId(c))).toEqual([0, 1, 2, 3, 4]);
    expect(tokenizer.endOfText).toBe(5);
    expect(tokenizer.vocabSize).toBe(6);
    expect(tokenizer.decode(tokenizer.encode("🙂ab<|endoftext|>c"))).toBe("🙂ab<|endoftext|>c");
  });

  it("takes one string for one text", async () => {
    expect((await trainCharacterTokenizer("🙂🙃")).vocabSize).toBe(2);
  });

  it("names the character that it does not know", async () => {
    const tokenizer = await trainCharacterTokenizer(TEXT);
    expect(() => tokenizer.encode("Zebra")).toThrow(TokenizerError);
    expect(() => tokenizer.encode("be 🙃")).toThrow(/"🙃" \(U\+1F643\) at position 3/);
  });

  it("writes the unknown token where it has one", async () => {
    const tokenizer = await trainCharacterTokenizer("ab", { unknownToken: "<unk>" });
    expect(Array.from(tokenizer.encode("a🙂b"))).toEqual([0, 2, 1]);
    const theirs = new HuggingFaceModel(JSON.parse(JSON.stringify(tokenizer)), {});
    expect(theirs.encode("a🙂b").ids).toEqual([0, 2, 1]);
  });

  it("decodes its texts back, as Hugging Face's library does from its tokenizer.json", async () => {
    const tokenizer = await trainCharacterTokenizer(TEXT, { specialTokens: ["<|endoftext|>"] });
    const theirs = new HuggingFaceModel(JSON.parse(JSON.stringify(tokenizer)), {
      clean_up_tokenization_spaces: false,
    });
    const unit = fc.constantFrom(...TEXT, "<|endoftext|>");
    fc.assert(
      fc.property(fc.string({ unit }), (text) => {
        const ids = Array.from(tokenizer.encode(text));
        expect(tokenizer.decode(ids)).toBe(text);
        expect(theirs.encode(text).ids).toEqual(ids);
        if (ids.length > 0) expect(theirs.decode(ids)).toBe(text);
      }),
      { seed: 5, numRuns: 200 },
    );
  });
});
