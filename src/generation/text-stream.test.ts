import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { byteTokenizer } from "../features/tokenizer/byte-tokenizer.js";
import { tokenizerFromJson } from "../features/tokenizer/load-tokenizer.js";
import type { Tokenizer } from "../features/tokenizer/tokenizer.js";
import { TextStream } from "./text-stream.js";

const goldens = new URL("../../test/parity/goldens/tokenizers.json", import.meta.url);
const { gemma3 } = JSON.parse(readFileSync(goldens, "utf8")).families;
const tokenizers: [string, Tokenizer][] = [
  ["bytes", byteTokenizer()],
  ["SentencePiece's bytes", tokenizerFromJson(gemma3.tokenizer)],
];

describe.each(tokenizers)("a text of %s", (_, tokenizer) => {
  const ended = (ids: ArrayLike<number>, isCut: boolean, stops: readonly string[] = []) => {
    let shown = "";
    const stream = new TextStream(tokenizer, stops, (text) => {
      shown += text;
    });
    for (const id of Array.from(ids)) stream.push(id);
    const isStopped = stream.end(isCut);
    expect(stream.text).toBe(shown);
    return [shown, isStopped];
  };
  const cut = tokenizer.encode("a 🙂").slice(0, -2);

  it("that is cut inside a character ends before it", () => {
    expect(ended(cut, true)).toEqual(["a ", false]);
    expect(ended(tokenizer.encode("a 🙂"), true)).toEqual(["a 🙂", false]);
  });

  it("that ends inside a character shows that", () => {
    const [text] = ended(cut, false);
    expect(text).toMatch(/^a \uFFFD+$/);
  });

  it("lets go of what might have become a stop string", () => {
    expect(ended(tokenizer.encode("a b"), true, ["b c"])).toEqual(["a b", false]);
    expect(ended(tokenizer.encode("a b"), false, ["b"])).toEqual(["a ", true]);
  });
});
