import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { byteTokenizer } from "./byte-tokenizer.js";
import { tokenizerFromJson } from "./load-tokenizer.js";
import { streamDecoder } from "./stream-decoder.js";
import type { Tokenizer } from "./tokenizer.js";

function streamed(tokenizer: Tokenizer, ids: ArrayLike<number>): string[] {
  const decoder = streamDecoder(tokenizer);
  return [...Array.from(ids, (id) => decoder.push(id)), decoder.end()];
}

describe("the stream decoder", () => {
  const bytes = byteTokenizer({ specialTokens: ["<|endoftext|>"] });

  it("holds a character back until it is complete", () => {
    expect(streamed(bytes, bytes.encode("é🙂<|endoftext|>"))).toEqual([
      "",
      "é",
      "",
      "",
      "",
      "🙂",
      "<|endoftext|>",
      "",
    ]);
    expect(streamed(bytes, [0xf0, 0x9f])).toEqual(["", "", "\ufffd"]);
    expect(streamed(bytes, [0xf0, 0x9f, 97]).join("")).toBe("\ufffda");
  });

  it("gives in parts what decode gives at once, also for broken bytes", () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 256 })), (ids) => {
        expect(streamed(bytes, ids).join("")).toBe(bytes.decode(ids));
      }),
      { seed: 6, numRuns: 300 },
    );
  });

  it("keeps the spaces between tokens whose text depends on their neighbours", () => {
    const vocab = {
      "<unk>": 0,
      "▁to": 1,
      "▁be": 2,
      "▁": 3,
      "<0xF0>": 4,
      "<0x9F>": 5,
      "<0x99>": 6,
      "<0x82>": 7,
    };
    const llama = tokenizerFromJson({
      added_tokens: [],
      normalizer: null,
      pre_tokenizer: null,
      post_processor: null,
      decoder: {
        type: "Sequence",
        decoders: [
          { type: "Replace", pattern: { String: "▁" }, content: " " },
          { type: "ByteFallback" },
          { type: "Fuse" },
          { type: "Strip", content: " ", start: 1, stop: 0 },
        ],
      },
      model: { type: "BPE", unk_token: "<unk>", byte_fallback: true, vocab, merges: [] },
    });
    const ids = [1, 2, 3, 4, 5, 6, 7, 1];
    expect(streamed(llama, ids)).toEqual(["to", " be", " ", "", "", "", "🙂", " to", ""]);
    expect(llama.decode(ids)).toBe("to be 🙂 to");
  });
});
