/** What we write as GGUF opens again as the same model; what a file asks for beyond our decoders is refused. */
import { describe, expect, it } from "vitest";
import { randomWeights } from "../../../test/random-weights.js";
import { nodeRuntime } from "../../core/runtime/node.js";
import { choraleAlphabet } from "../../features/music/chorale-words.js";
import { musicTokenizer } from "../../features/music/music-tokenizer.js";
import { trainBpe } from "../../features/tokenizer/bpe-trainer.js";
import { byteTokenizer } from "../../features/tokenizer/byte-tokenizer.js";
import { tokenizerFromJson } from "../../features/tokenizer/load-tokenizer.js";
import { surrounding } from "../../features/tokenizer/post-processor.js";
import { encodeText, type Tokenizer } from "../../features/tokenizer/tokenizer.js";
import { FolderError } from "../../files/errors.js";
import { memoryFolder } from "../../files/memory.js";
import { compileDecoder } from "../../generation/decoder-session.js";
import type { Decoder } from "../../models/decoder.js";
import { gemma3 } from "../../models/gemma3.js";
import { gpt2 } from "../../models/gpt2.js";
import { llama } from "../../models/llama.js";
import { openModel, type SavedModel } from "../model-folder.js";
import { architectureOf, inTheirLayout, modelMetadata, tensorName } from "./architecture.js";
import { GgufError } from "./errors.js";
import { exportGguf } from "./export.js";
import {
  bool,
  float32,
  type GgufTensor,
  type GgufValue,
  int32s,
  string,
  strings,
  uint32,
  writeGguf,
} from "./gguf-file.js";
import { ggufFolder } from "./gguf-folder.js";
import { tensorTypes } from "./tensor-types.js";
import { tokenizerMetadata } from "./vocabulary.js";

/** How weights are drawn. */
const drawn = { seed: 5, deviation: 0.3 };
const sizes = { vocabSize: 272, contextLength: 16, numLayers: 2, numHeads: 4, width: 32 };
const family = { ...sizes, kvHeads: 2, hiddenWidth: 48, ropeTheta: 500, rmsNormEpsilon: 1e-5 };
const slower = {
  kind: "llama3",
  factor: 8,
  lowFrequency: 1,
  highFrequency: 4,
  originalContextLength: 16,
} as const;
const models = {
  gpt2: gpt2({ ...sizes, layerNormEpsilon: 1e-6 }),
  llama: llama(family),
  "llama with a tied head": llama({ ...family, kvHeads: 4, tiedHead: true }),
  qwen3: llama({ ...family, headWidth: 24, qkNorm: true, tiedHead: true }),
  "llama with Llama 3's positions": llama({ ...family, ropeScaling: slower }),
  "llama with slower positions": llama({ ...family, ropeScaling: { kind: "linear", factor: 4 } }),
  qwen2: llama({ ...family, qkvBias: true, tiedHead: true }),
  smollm3: llama({ ...family, numLayers: 5, noRopeLayers: [3], tiedHead: true }),
  gemma3: gemma3({
    ...{ ...family, numLayers: 7, headWidth: 24, slidingWindow: 3 },
    ropeScaling: { kind: "linear", factor: 8 },
  }),
};
const text = "It's the 7th; they've seen the whale and the sea of 2024. ";
const specialTokens = ["<|endoftext|>", "<|im_end|>"];
const bpe = await trainBpe(text.repeat(5), { vocabSize: 268, specialTokens });
const template = "{{ messages[0].content }}<|im_end|>";
const chatty = tokenizerFromJson(bpe.toJSON(), { chat_template: template, pad_token: "<|im_end|>" });

async function again(saved: SavedModel): Promise<SavedModel> {
  const folder = memoryFolder();
  await exportGguf(folder, "tiny", saved, { type: "F32" });
  return openModel(ggufFolder(folder, "tiny.gguf"));
}

async function logits(model: Decoder, weights: SavedModel["weights"]): Promise<Float32Array> {
  const session = await compileDecoder(nodeRuntime, model, weights);
  const found = await session.read(session.cache(1), 0, [1, 5, 3, 200, 7]);
  await session.release();
  return found.slice();
}

describe.each(Object.entries(models))("a %s", (_, model) => {
  it("opens again with its weights and predicts the same, bit for bit", async () => {
    const weights = randomWeights(model, drawn);
    for (const [name, { data }] of weights) {
      // llama.cpp keeps 1 + w, which has no room for the last bits of w.
      if (name.endsWith("norm.weight")) for (const [i, w] of data.entries()) data[i] = Math.fround(w + 1) - 1;
    }
    const opened = await again({ model, weights, tokenizer: chatty });
    expect(opened.model.huggingFaceConfig()).toEqual(model.huggingFaceConfig());
    expect([...opened.weights.keys()]).toEqual([...weights.keys()]);
    for (const [name, { shape, data }] of weights) {
      expect(opened.weights.get(name)!.shape, name).toEqual(shape);
      expect(opened.weights.get(name)!.data, name).toEqual(data);
    }
    expect(await logits(opened.model, opened.weights)).toEqual(await logits(model, weights));
  });
});

describe("the tokenizer of a GGUF file", () => {
  const model = models.gpt2;
  const weights = randomWeights(model, drawn);
  const opened = async (tokenizer: Tokenizer, generation = {}) => {
    const { tokenizer: found, ...rest } = await again({ model, weights, tokenizer, generation });
    return { ...rest, tokenizer: found! };
  };

  it.each([
    ["merges", chatty],
    ["bytes", byteTokenizer({ specialTokens })],
  ])("gives the ids that it gave: %s", async (_, tokenizer) => {
    const { tokenizer: found } = await opened(tokenizer);
    for (const part of [text, "\n\n 12 世界 🚀<|im_end|>x", "<|endoftext|>"]) {
      expect([...found.encode(part)]).toEqual([...tokenizer.encode(part)]);
    }
    expect(found.vocabSize).toBe(tokenizer.vocabSize);
    expect(found.specialTokens).toEqual(tokenizer.specialTokens);
    expect(found.endOfText).toBe(tokenizer.endOfText);
  });

  it("is one of whole words where it was, and the model still writes music", async () => {
    const words = musicTokenizer(choraleAlphabet);
    const sized = gpt2({ ...sizes, vocabSize: words.vocabSize + 3 });
    const saved = {
      model: sized,
      weights: randomWeights(sized, drawn),
      tokenizer: words,
      music: "chorales",
    };
    const { tokenizer: found, music } = await again(saved);
    expect(music).toBe("chorales");
    expect(found!.toJSON()).toEqual(words.toJSON());
    const piece = choraleAlphabet.words.slice(0, 40).join("  ");
    expect([...found!.encode(`${piece}\n`)]).toEqual([...words.encode(piece)]);
    expect(found!.endOfText).toBe(words.endOfText);
  });

  it("begins texts as it did, which the file says", async () => {
    const before = ["<|im_end|>", chatty.tokenToId("<|im_end|>")!] as const;
    const json = { ...bpe.toJSON(), post_processor: surrounding({ before }) };
    const { tokenizer } = await opened(tokenizerFromJson(json));
    expect([...encodeText(tokenizer, text)]).toEqual([before[1], ...bpe.encode(text)]);
    expect(tokenizer.toJSON()).toMatchObject({ post_processor: surrounding({ before }) });
    expect((await opened(chatty)).tokenizer.beginOfText).toBeUndefined();
  });

  it("brings the chat template and the tokens that it names, and a turn ends as the file says", async () => {
    const { tokenizer, generation } = await opened(chatty, {
      endTokens: [bpe.specialTokens.get("<|im_end|>")],
    });
    expect(tokenizer.config).toEqual({
      bos_token: "<|endoftext|>",
      eos_token: "<|endoftext|>",
      pad_token: "<|im_end|>",
      chat_template: template,
    });
    expect(generation).toEqual({ endTokens: [bpe.specialTokens.get("<|im_end|>")] });
  });
});

interface Parts {
  readonly metadata: Map<string, GgufValue>;
  readonly tensors: Map<string, GgufTensor>;
}

/** A whole small llama, changed. */
async function changed(change: (parts: Parts) => void, model: Decoder = models.llama) {
  const weights = randomWeights(model, drawn);
  const metadata = new Map([
    ["general.architecture", string(architectureOf(model))],
    ...modelMetadata(model),
    ...tokenizerMetadata(bpe, model.vocabSize),
  ]);
  const tensors = model.parameters.map((parameter): [string, GgufTensor] => {
    const { shape, data } = inTheirLayout(parameter, weights.get(parameter.name)!, model);
    const name = tensorName(parameter.name, architectureOf(model));
    return [name, tensorOf(name, shape, data)];
  });
  const parts = { metadata, tensors: new Map(tensors) };
  change(parts);
  const folder = memoryFolder();
  await writeGguf(folder, "x.gguf", parts.metadata, [...parts.tensors.values()]);
  return { opened: openModel(ggufFolder(folder, "x.gguf")), weights };
}

const tensorOf = (name: string, shape: readonly number[], data: Float32Array): GgufTensor => ({
  name,
  shape,
  type: 0,
  byteLength: data.byteLength,
  bytes: () => tensorTypes.F32.encode(data, name),
});

describe("a GGUF file", () => {
  it("may name what is off, and leave out what llama.cpp fills in", async () => {
    const { opened, weights } = await changed(({ metadata }) => {
      metadata.set("llama.rope.scaling.type", string("none"));
      metadata.set("llama.expert_count", uint32(0));
      metadata.set("general.file_type", uint32(0));
      metadata.set("someone.note", strings(["a", "b"]));
      for (const key of [
        "vocab_size",
        "attention.key_length",
        "attention.value_length",
        "rope.dimension_count",
      ])
        metadata.delete(`llama.${key}`);
    });
    const { model, weights: found } = await opened;
    expect(model.huggingFaceConfig()).toEqual(models.llama.huggingFaceConfig());
    expect(found).toEqual(weights);
  });

  it("may hold divisors of the positions that change nothing", async () => {
    const { opened } = await changed(({ tensors }) => {
      tensors.set("rope_freqs.weight", tensorOf("rope_freqs.weight", [4], new Float32Array(4).fill(1)));
    });
    expect((await opened).model.huggingFaceConfig()).toEqual(models.llama.huggingFaceConfig());
  });

  it("may hold a tied head a second time", async () => {
    const copy = randomWeights(models.gpt2, drawn).get("transformer.wte.weight")!.data;
    const head = (data: Float32Array) =>
      changed(({ tensors }) => {
        tensors.set("output.weight", tensorOf("output.weight", [272, 32], data));
      }, models.gpt2);
    expect((await (await head(copy)).opened).weights.size).toBe(models.gpt2.parameters.length);
    await expect((await head(copy.with(3, 0.5))).opened).rejects.toThrow(/tied to the embedding/);
  });

  it.each<[string, RegExp, (parts: Parts) => void]>([
    [
      "of another architecture",
      /"gemma2".*smollm3 and gemma3 models/s,
      ({ metadata }) => metadata.set("general.architecture", string("gemma2")),
    ],
    [
      "of an adapter",
      /general\.type adapter/,
      ({ metadata }) => metadata.set("general.type", string("adapter")),
    ],
    [
      "with scaled positions",
      /llama\.rope\.scaling\.type: yarn/,
      ({ metadata }) => metadata.set("llama.rope.scaling.type", string("yarn")),
    ],
    [
      "with a sliding window",
      /sliding_window: 128/,
      ({ metadata }) => metadata.set("llama.attention.sliding_window", uint32(128)),
    ],
    ["with experts", /expert_count: 8/, ({ metadata }) => metadata.set("llama.expert_count", uint32(8))],
    [
      "with heads of two widths",
      /value_length: 16/,
      ({ metadata }) => metadata.set("llama.attention.value_length", uint32(16)),
    ],
    [
      "with heads that turn in part",
      /dimension_count: 4/,
      ({ metadata }) => metadata.set("llama.rope.dimension_count", uint32(4)),
    ],
    [
      "with layers of several widths",
      /usable llama\.feed_forward_length/,
      ({ metadata }) => metadata.set("llama.feed_forward_length", int32s([48, 64])),
    ],
    [
      "without a number of layers",
      /usable llama\.block_count/,
      ({ metadata }) => metadata.delete("llama.block_count"),
    ],
    [
      "of old quantisation",
      /quantization_version 1/,
      ({ metadata }) => metadata.set("general.quantization_version", uint32(1)),
    ],
    [
      "with more tokens than rows",
      /vocab_size: 9/,
      ({ metadata }) => metadata.set("llama.vocab_size", uint32(9)),
    ],
    [
      "without a tensor",
      /missing blk\.1\.attn_q\.weight/,
      ({ tensors }) => tensors.delete("blk.1.attn_q.weight"),
    ],
    [
      "with a tensor too many",
      /unknown blk\.0\.attn_q\.bias/,
      ({ tensors }) =>
        tensors.set("blk.0.attn_q.bias", tensorOf("blk.0.attn_q.bias", [32], new Float32Array(32))),
    ],
    [
      "with positions that turn as no Llama 3's do",
      /rope_freqs\.weight \[4\]/,
      ({ tensors }) =>
        tensors.set("rope_freqs.weight", tensorOf("rope_freqs.weight", [4], Float32Array.of(1, 9, 1, 8))),
    ],
    [
      "with words cut otherwise",
      /tokenizer\.ggml\.pre "tekken"/,
      ({ metadata }) => metadata.set("tokenizer.ggml.pre", string("tekken")),
    ],
    [
      "without a way to cut words",
      /tokenizer\.ggml\.pre missing/,
      ({ metadata }) => metadata.delete("tokenizer.ggml.pre"),
    ],
    [
      "with another tokenizer",
      /tokenizer\.ggml\.model "t5"/,
      ({ metadata }) => metadata.set("tokenizer.ggml.model", string("t5")),
    ],
    [
      "with a space before each text",
      /add_space_prefix true/,
      ({ metadata }) => metadata.set("tokenizer.ggml.add_space_prefix", bool(true)),
    ],
    [
      "without types for its tokens",
      /no types/,
      ({ metadata }) => metadata.set("tokenizer.ggml.token_type", int32s([1, 1])),
    ],
    [
      "with a token twice",
      /no text of its own/,
      ({ metadata }) => metadata.set("tokenizer.ggml.tokens", strings(Array(272).fill("a"))),
    ],
    [
      "with an end that is no token",
      /eos_token_id is no token/,
      ({ metadata }) => metadata.set("tokenizer.ggml.eos_token_id", uint32(272)),
    ],
    [
      "with merges that are no texts",
      /merges is no list/,
      ({ metadata }) => metadata.set("tokenizer.ggml.merges", float32(1)),
    ],
  ])("is refused %s", async (_, message, change) => {
    const { opened } = await changed(change);
    await expect(opened).rejects.toThrow(message);
    await expect(opened).rejects.toBeInstanceOf(GgufError);
  });

  it("is not written to, and has no folders", async () => {
    const folder = memoryFolder();
    await exportGguf(
      folder,
      "x",
      { model: models.gpt2, weights: randomWeights(models.gpt2, drawn), tokenizer: bpe },
      { type: "F16" },
    );
    const opened = ggufFolder(folder, "x.gguf");
    await expect(opened.write("config.json", "{}")).rejects.toBeInstanceOf(FolderError);
    expect(await opened.folder("data").list("")).toEqual([]);
    expect(await opened.list("")).toEqual([
      "config.json",
      "generation_config.json",
      "tokenizer.json",
      "tokenizer_config.json",
    ]);
    expect(await opened.size("recipe.json")).toBeUndefined();
  });
});
