import { describe, expect, it } from "vitest";
import { readGguf } from "../../../test/read-gguf.js";
import { trainBpe } from "../../features/tokenizer/bpe-trainer.js";
import { byteTokenizer } from "../../features/tokenizer/byte-tokenizer.js";
import { trainCharacterTokenizer } from "../../features/tokenizer/character-tokenizer.js";
import { tokenizerFromJson } from "../../features/tokenizer/load-tokenizer.js";
import type { Tokenizer } from "../../features/tokenizer/tokenizer.js";
import { memoryFolder } from "../../files/memory.js";
import { GgufError } from "./errors.js";
import { writeGguf } from "./gguf-file.js";
import { tokenizerMetadata } from "./vocabulary.js";

const text = "the cat sat on the mat and the dog sat on the cat. ".repeat(4);
const bpe = await trainBpe(text, { vocabSize: 270, specialTokens: ["<|endoftext|>", "<|im_end|>"] });
// biome-ignore lint/suspicious/noExplicitAny: the JSON is changed in many places
const json = (): any => structuredClone(bpe.toJSON());

/** The tokenizer that a changed `tokenizer.json` describes. */
function changed(change: (file: ReturnType<typeof json>) => void, config = {}): Tokenizer {
  const file = json();
  change(file);
  return tokenizerFromJson(file, config);
}

async function metadataOf(tokenizer: Tokenizer, rows = tokenizer.vocabSize, endOfTurn?: number) {
  const folder = memoryFolder();
  await writeGguf(folder, "a", tokenizerMetadata(tokenizer, rows, { endOfTurn }), []);
  const { metadata } = readGguf(await folder.read("a"));
  return Object.fromEntries([...metadata].map(([key, value]) => [key.replace("tokenizer.", ""), value]));
}

describe("a tokenizer in a GGUF file", () => {
  it("is tokens, types and merges", async () => {
    const { model } = json();
    const found = await metadataOf(bpe);
    const tokens = found["ggml.tokens"] as string[];
    expect(Object.fromEntries(tokens.map((token, id) => [token, id]))).toEqual({
      ...model.vocab,
      "<|endoftext|>": bpe.endOfText,
      "<|im_end|>": bpe.specialTokens.get("<|im_end|>"),
    });
    expect(tokens).toContain("Ġthe");
    expect(found["ggml.token_type"]).toEqual(tokens.map((token) => (token.startsWith("<|") ? 3 : 1)));
    expect(found["ggml.merges"]).toEqual(model.merges);
    expect(found).toMatchObject({
      "ggml.model": "gpt2",
      "ggml.pre": "gpt-2",
      "ggml.add_bos_token": false,
      "ggml.bos_token_id": bpe.endOfText,
      "ggml.eos_token_id": bpe.endOfText,
    });
    expect(Object.keys(found)).not.toContain("ggml.unknown_token_id");
  });

  it("has an unused token for each further row of the model", async () => {
    const found = await metadataOf(bpe, 272);
    expect((found["ggml.tokens"] as string[]).slice(269)).toEqual(["<|im_end|>", "[PAD270]", "[PAD271]"]);
    expect((found["ggml.token_type"] as number[]).slice(269)).toEqual([3, 5, 5]);
  });

  it("names the special tokens of its config, and the end of a turn", async () => {
    const config = {
      bos_token: "the",
      unk_token: { content: "<|im_end|>" },
      pad_token: "<|endoftext|>",
      chat_template: "{{ messages[0].content }}",
    };
    const tokenizer = changed(() => {}, config);
    expect(await metadataOf(tokenizer, tokenizer.vocabSize, 269)).toMatchObject({
      "ggml.bos_token_id": bpe.tokenToId("the"),
      "ggml.unknown_token_id": 269,
      "ggml.padding_token_id": bpe.endOfText,
      "ggml.eot_token_id": 269,
      chat_template: "{{ messages[0].content }}",
    });
  });

  it("takes the template called default of several", async () => {
    const chat_template = [
      { name: "tools", template: "a" },
      { name: "default", template: "b" },
    ];
    expect((await metadataOf(changed(() => {}, { chat_template }))).chat_template).toBe("b");
  });

  it("tells added words from special tokens", async () => {
    const tokenizer = changed((file) => {
      file.added_tokens[1].special = false;
    });
    const types = (await metadataOf(tokenizer))["ggml.token_type"] as number[];
    expect(types.slice(267)).toEqual([1, 3, 4]);
  });

  it("is BPE without merges where every byte is a token", async () => {
    const tokenizer = byteTokenizer({ specialTokens: ["<|endoftext|>"] });
    expect(await metadataOf(tokenizer)).toMatchObject({ "ggml.pre": "gpt-2", "ggml.merges": [] });
  });
});

/** As the files of these models have it. */
const newer = (digits: string) =>
  `(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|${digits}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+`;
const split = (Regex: string, change = {}) => ({
  type: "Sequence",
  pretokenizers: [
    { type: "Split", pattern: { Regex }, behavior: "Isolated", invert: false, ...change },
    { type: "ByteLevel", add_prefix_space: false, trim_offsets: false, use_regex: false },
  ],
});
const digitsApart = {
  type: "Sequence",
  pretokenizers: [
    { type: "Digits", individual_digits: true },
    { type: "ByteLevel", add_prefix_space: false, trim_offsets: true, use_regex: true },
  ],
};

describe("the words that a text is cut into", () => {
  it.each([
    ["qwen2", split(newer("\\p{N}")), false, { type: "NFC" }],
    ["llama-bpe", split(newer("\\p{N}{1,3}")), true, null],
    ["dbrx", split(newer("\\p{N}{1,3}")), false, null],
    ["smollm", digitsApart, false, null],
  ])("are those of %s", async (name, preTokenizer, ignoreMerges, normalizer) => {
    const tokenizer = changed((file) => {
      file.pre_tokenizer = preTokenizer;
      file.model.ignore_merges = ignoreMerges;
      file.normalizer = normalizer;
    });
    expect((await metadataOf(tokenizer))["ggml.pre"]).toBe(name);
  });

  it.each([
    ["another pattern", split("\\p{L}+|\\s+"), false],
    [
      "words that join what is before them",
      split(newer("\\p{N}"), { behavior: "MergedWithPrevious" }),
      false,
    ],
    ["whole words first, where llama.cpp merges", split(newer("\\p{N}")), true],
    ["a space before the text", { type: "ByteLevel", add_prefix_space: true, use_regex: true }, false],
    ["no cutting at all", { type: "ByteLevel", add_prefix_space: false, use_regex: false }, false],
  ])("are refused: %s", (_, preTokenizer, ignoreMerges) => {
    const tokenizer = changed((file) => {
      file.pre_tokenizer = preTokenizer;
      file.model.ignore_merges = ignoreMerges;
    });
    expect(() => tokenizerMetadata(tokenizer, 270)).toThrow(/tokenize exactly[\s\S]*pre_tokenizer/);
    expect(() => tokenizerMetadata(tokenizer, 270)).toThrow(GgufError);
  });
});

describe("a tokenizer that llama.cpp cannot have", () => {
  // biome-ignore lint/suspicious/noExplicitAny: the JSON is changed in many places
  it.each<[string, RegExp, (file: any) => void]>([
    [
      "lower case first",
      /Lowercase normalizer/,
      (file) => {
        file.normalizer = { type: "Lowercase" };
      },
    ],
    [
      "added tokens that swallow spaces",
      /lstrip/,
      (file) => {
        file.added_tokens[1].lstrip = true;
      },
    ],
    [
      "marks at the ends of words",
      /end_of_word_suffix "<\/w>"/,
      (file) => {
        file.model.end_of_word_suffix = "</w>";
      },
    ],
    [
      "tokens that are no bytes",
      /tokens that are not bytes/,
      (file) => {
        file.decoder = { type: "Fuse" };
      },
    ],
    [
      "a doubled text",
      /token 271: "\[PAD271\]"/,
      (file) => {
        file.added_tokens.push({ ...file.added_tokens[0], id: 270, content: "[PAD271]" });
      },
    ],
    [
      "no end of text",
      /end-of-text token/,
      (file) => {
        file.added_tokens = [];
      },
    ],
  ])("%s", (_, message, change) => {
    expect(() => tokenizerMetadata(changed(change), 272)).toThrow(message);
    expect(() => tokenizerMetadata(changed(change), 272)).toThrow(GgufError);
  });

  it("characters", async () => {
    const characters = await trainCharacterTokenizer(text, { specialTokens: ["<|endoftext|>"] });
    expect(() => tokenizerMetadata(characters, characters.vocabSize)).toThrow(/not bytes/);
  });
});
