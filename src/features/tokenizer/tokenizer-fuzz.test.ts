/** Whatever stands in a tokenizer's files: it encodes what it can decode, or the files are refused. */
import fc from "fast-check";
import { beforeAll, describe, expect, it, vi } from "vitest";
import { oddJson } from "../../../test/odd-json.js";
import { memoryFolder } from "../../files/memory.js";
import { ChatError, chatMl, chatTemplate } from "../chat/chat-template.js";
import { trainBpe } from "./bpe-trainer.js";
import { byteTokenizer } from "./byte-tokenizer.js";
import { trainCharacterTokenizer } from "./character-tokenizer.js";
import { HuggingFaceTokenizer } from "./hugging-face-tokenizer.js";
import { loadTokenizer, saveTokenizer } from "./load-tokenizer.js";
import { type Tokenizer, TokenizerError } from "./tokenizer.js";

const end = "<|endoftext|>";
const corpus = "the whale and the whales, 42 of them: the sea";
const text = `the whales of 42 seas<|im_start|>${end}`;
const texts = [text, "", end, "Ω é 🐋\n\n  x\t", "\u0000"];
const options = { specialTokens: [end] };
const bpe = (await trainBpe(corpus, { vocabSize: 280, ...options })).toJSON() as {
  model: { vocab: Record<string, number>; merges: string[] };
};
const outline = { added_tokens: [], normalizer: null, post_processor: null };

const kinds: Record<string, object> = {
  bytes: byteTokenizer(options).toJSON(),
  characters: (await trainCharacterTokenizer(corpus, options)).toJSON(),
  "characters with <unk>": (await trainCharacterTokenizer(corpus, { unknownToken: "<unk>" })).toJSON(),
  BPE: bpe,
  "BPE with another pattern": {
    ...bpe,
    pre_tokenizer: {
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
    },
  },
  "BPE with byte fallback": {
    ...outline,
    added_tokens: [{ id: 0, content: "<unk>", special: true }],
    normalizer: {
      type: "Sequence",
      normalizers: [
        { type: "Prepend", prepend: "▁" },
        { type: "Replace", pattern: { String: " " }, content: "▁" },
      ],
    },
    pre_tokenizer: null,
    decoder: {
      type: "Sequence",
      decoders: [
        { type: "Replace", pattern: { String: "▁" }, content: " " },
        { type: "ByteFallback" },
        { type: "Fuse" },
        { type: "Strip", content: " ", start: 1, stop: 0 },
      ],
    },
    model: {
      type: "BPE",
      unk_token: "<unk>",
      fuse_unk: true,
      byte_fallback: true,
      vocab: Object.fromEntries(
        [
          "<unk>",
          ...Array.from({ length: 256 }, (_, i) => `<0x${i.toString(16).toUpperCase().padStart(2, "0")}>`),
          ..."▁thewals",
          "th",
          "the",
          "▁the",
        ].map((token, id) => [token, id]),
      ),
      merges: ["t h", "th e", "▁ the"],
    },
  },
  WordPiece: {
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
      vocab: { "[UNK]": 0, whale: 1, "##s": 2, the: 3, of: 4 },
    },
  },
  Unigram: {
    ...outline,
    added_tokens: [{ id: 4, content: "</s>", special: true }],
    pre_tokenizer: { type: "Metaspace", replacement: "▁", add_prefix_space: true },
    decoder: { type: "Metaspace", replacement: "▁", add_prefix_space: true },
    model: {
      type: "Unigram",
      unk_id: 0,
      vocab: [
        ["<unk>", 0],
        ["▁the", -1],
        ["▁wha", -2],
        ["le", -2],
        ["</s>", 0],
      ],
    },
  },
};

/** What a tokenizer gives for a text, which it must be able to decode; undefined where it refuses the text. */
function checked(tokenizer: Tokenizer, text: string): Int32Array | undefined {
  let ids: Int32Array;
  try {
    ids = tokenizer.encode(text);
  } catch (error) {
    expect(error).toBeInstanceOf(TokenizerError);
    return undefined;
  }
  expect(ids.every((id) => typeof tokenizer.idToToken(id) === "string")).toBe(true);
  const decoded = tokenizer.decode(ids);
  const isExact = !(tokenizer instanceof HuggingFaceTokenizer) && tokenizer.tokenToId("<unk>") === undefined;
  if (isExact) expect(decoded).toBe(text);
  else expect(decoded).toBeTypeOf("string");
  return ids;
}

// The library says on the console what it does not know.
beforeAll(() => {
  vi.spyOn(console, "warn").mockImplementation(() => {});
  return () => vi.restoreAllMocks();
});

const runs = { numRuns: 100, seed: 20 } as const;

/** Loads each folder of files, and uses what opens. */
async function tryAll(folders: fc.Arbitrary<Record<string, string>>): Promise<void> {
  const counts = { opened: 0, refused: 0 };
  await fc.assert(
    fc.asyncProperty(folders, async (files) => {
      const folder = memoryFolder();
      for (const [name, content] of Object.entries(files)) await folder.write(name, content);
      let tokenizer: Tokenizer;
      try {
        tokenizer = await loadTokenizer(folder);
      } catch (error) {
        expect(error).toBeInstanceOf(TokenizerError);
        counts.refused++;
        return;
      }
      counts.opened++;
      const ids = texts.map((text) => checked(tokenizer, text));
      const copy = memoryFolder();
      await saveTokenizer(tokenizer, copy);
      const again = await loadTokenizer(copy);
      expect(texts.map((text) => checked(again, text))).toEqual(ids);
      expect([again.vocabSize, again.endOfText]).toEqual([tokenizer.vocabSize, tokenizer.endOfText]);
      try {
        chatTemplate(tokenizer).render([{ role: "user", content: text }]);
      } catch (error) {
        expect(error).toBeInstanceOf(ChatError);
      }
    }),
    runs,
  );
  expect(counts.refused).toBeGreaterThan(10);
  expect(counts.opened).toBeGreaterThan(0);
}

describe("tokenizer.json", () => {
  it.each(Object.keys(kinds))("%s", (kind) =>
    tryAll(oddJson(kinds[kind]).map((content) => ({ "tokenizer.json": content }))),
  );
});

const { vocab, merges } = bpe.model;
const gpt2 = {
  "vocab.json": JSON.stringify(vocab),
  "merges.txt": `#version: 0.2\n${merges.join("\n")}\n`,
};
const config = {
  tokenizer_class: "GPT2Tokenizer",
  model_max_length: 1024,
  add_prefix_space: false,
  bos_token: end,
  eos_token: { content: "<|im_end|>", lstrip: false, special: true },
  unk_token: null,
  chat_template: chatMl,
  added_tokens_decoder: {
    [Object.keys(vocab).length]: { content: "<|im_start|>", special: true },
    [Object.keys(vocab).length + 1]: { content: "<|im_end|>", special: true },
  },
};

describe("GPT-2's files", () => {
  it("vocab.json", () => tryAll(oddJson(vocab).map((content) => ({ ...gpt2, "vocab.json": content }))));

  it("merges.txt", () => {
    const lines = gpt2["merges.txt"].split("\n");
    const line = fc.oneof(
      fc.constantFrom(
        "",
        " ",
        "a",
        "a b",
        "a  b",
        "a b c",
        "the the",
        "\r",
        "t h",
        "h e\r",
        "#version: 0.2",
        "# e",
      ),
      fc.string(),
    );
    const odd = fc.tuple(fc.nat(lines.length - 1), fc.nat(2), fc.array(line, { maxLength: 2 }));
    const edited = odd.map(([at, removed, added]) => lines.toSpliced(at, removed, ...added).join("\n"));
    return tryAll(edited.map((content) => ({ ...gpt2, "merges.txt": content })));
  });

  it("tokenizer_config.json", () =>
    tryAll(oddJson(config).map((content) => ({ ...gpt2, "tokenizer_config.json": content }))));
});

describe("tokenizer_config.json beside tokenizer.json", () => {
  it.each(["bytes", "BPE with another pattern", "Unigram"])("%s", (kind) => {
    const named = { ...config, eos_token: kind === "Unigram" ? "</s>" : end, added_tokens_decoder: {} };
    const whole = { "tokenizer.json": JSON.stringify(kinds[kind]) };
    return tryAll(oddJson(named).map((content) => ({ ...whole, "tokenizer_config.json": content })));
  });
});

it("bytes that are no text are refused in every file", async () => {
  const folder = memoryFolder();
  for (const [name, content] of Object.entries(gpt2)) await folder.write(name, content);
  await expect(loadTokenizer(folder)).resolves.toBeDefined();
  for (const name of ["merges.txt", "chat_template.jinja", "tokenizer_config.json", "vocab.json"]) {
    const whole = (await folder.size(name)) === undefined ? new Uint8Array() : await folder.read(name);
    await folder.write(name, whole, Uint8Array.of(0xff));
    await expect(loadTokenizer(folder)).rejects.toThrow(TokenizerError);
    await expect(loadTokenizer(folder)).rejects.toThrow(new RegExp(`not UTF-8[\\s\\S]*${name}`));
    await (whole.length === 0 ? folder.remove(name) : folder.write(name, whole));
  }
});
