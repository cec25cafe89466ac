import { Tokenizer as HuggingFaceModel } from "@huggingface/tokenizers";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { byteTokenizer } from "./byte-tokenizer.js";

describe("the byte tokenizer", () => {
  const tokenizer = byteTokenizer({ specialTokens: ["<|endoftext|>", "<|mask|>"] });

  it("gives the UTF-8 bytes, and special tokens after them", () => {
    expect(Array.from(tokenizer.encode("aé<|mask|>\n"))).toEqual([97, 0xc3, 0xa9, 257, 10]);
    expect(tokenizer.vocabSize).toBe(258);
    expect(tokenizer.endOfText).toBe(256);
    expect(tokenizer.idToToken(32)).toBe("Ġ");
    expect(tokenizer.tokenToId("<|mask|>")).toBe(257);
    expect(byteTokenizer().vocabSize).toBe(256);
    expect(byteTokenizer().endOfText).toBeUndefined();
  });

  it("decodes every well-formed text back, as Hugging Face's library does from its tokenizer.json", () => {
    const theirs = new HuggingFaceModel(JSON.parse(JSON.stringify(tokenizer)), {
      clean_up_tokenization_spaces: false,
    });
    const text = fc.oneof(fc.string({ unit: "binary" }), fc.constant("x<|endoftext|> . <|mask|>天🙂"));
    fc.assert(
      fc.property(text, (t) => {
        const ids = Array.from(tokenizer.encode(t));
        expect(tokenizer.decode(ids)).toBe(t);
        expect(theirs.encode(t).ids).toEqual(ids);
        if (ids.length > 0) expect(theirs.decode(ids)).toBe(t);
      }),
      { seed: 4, numRuns: 200 },
    );
  });

  it("refuses a special token that is the character of a byte, and ids outside", () => {
    expect(() => byteTokenizer({ specialTokens: ["a"] })).toThrow(/vocabulary/);
    expect(() => tokenizer.decode([258])).toThrow(/outside/);
  });
});
