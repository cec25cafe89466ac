import { describe, expect, it } from "vitest";
import { trainBpe } from "../features/tokenizer/bpe-trainer.js";
import { surroundingTokens } from "../features/tokenizer/post-processor.js";
import { TokenizerError } from "../features/tokenizer/tokenizer.js";
import { directionsOf, languagePrefix, languagesOf } from "../features/tokenizer/translation-tokens.js";
import { memoryFolder } from "../files/memory.js";
import type { EncoderDecoder } from "../models/encoder-decoder.js";
import { t5 } from "../models/t5.js";
import { CheckpointError } from "./errors.js";
import { type JsonObject, jsonText, readJson } from "./folder-files.js";
import { type NamedArray, writeSafetensors } from "./safetensors.js";
import { translatorFromConfig } from "./translator-config.js";
import { openTranslator, type SavedTranslator, saveTranslator } from "./translator-folder.js";

const sizes = { width: 8, numLayers: 2, numDecoderLayers: 1, numHeads: 2, headWidth: 3, hiddenWidth: 12 };
const tokenizer = await trainBpe("a sentence", {
  vocabSize: 262,
  specialTokens: ["<pad>", "</s>", ">>de<<"],
});
const { vocabSize } = tokenizer;
const [pad, end] = ["<pad>", "</s>"].map((token) => tokenizer.tokenToId(token)!);
const tokens = { start: pad, end, pad };
const model = t5({ ...sizes, vocabSize });

/** Numbers that differ from parameter to parameter. */
const weightsOf = ({ parameters }: EncoderDecoder): Map<string, NamedArray> =>
  new Map(
    parameters.map(({ name, shape }, n) => {
      const data = new Float32Array(shape.reduce((a, b) => a * b, 1));
      return [name, { shape, data: data.map((_, i) => ((i + n) % 64) / 64) }];
    }),
  );

const saved = (of: EncoderDecoder = model): SavedTranslator => ({
  model: of,
  weights: weightsOf(of),
  tokenizer,
  tokens,
  generation: { beams: 4, lengthPenalty: 0.6, maxTokens: 100 },
});

async function savedFolder(of?: EncoderDecoder) {
  const folder = memoryFolder();
  await saveTranslator(folder, saved(of));
  return folder;
}

/** A tokenizer of T5's kind: unigrams, words that begin with their space, an end behind every text. */
const unigrams = {
  version: "1.0",
  added_tokens: ["<pad>", "</s>", "<unk>"].map((content, id) => ({
    ...{ id, content, special: true },
    ...{ single_word: false, lstrip: false, rstrip: false, normalized: false },
  })),
  normalizer: null,
  pre_tokenizer: { type: "Metaspace", replacement: "▁", prepend_scheme: "always", split: true },
  post_processor: {
    type: "TemplateProcessing",
    single: [{ Sequence: { id: "A", type_id: 0 } }, { SpecialToken: { id: "</s>", type_id: 0 } }],
    pair: [],
    special_tokens: { "</s>": { id: "</s>", ids: [1], tokens: ["</s>"] } },
  },
  decoder: { type: "Metaspace", replacement: "▁", prepend_scheme: "always", split: true },
  model: {
    type: "Unigram",
    unk_id: 2,
    vocab: [
      ["<pad>", 0],
      ["</s>", 0],
      ["<unk>", 0],
      ["▁a", -1],
      ["▁dog", -2],
      ["s", -3],
      ["▁", -4],
    ],
  },
};

describe("a folder with a model that translates", () => {
  it.each([
    ["tied", "gated-gelu"],
    ["own", "gated-gelu"],
    ["tied", "relu"],
  ] as const)("gives it back: %s head, %s", async (head, feedForward) => {
    const kind = t5({ ...sizes, vocabSize, feedForward, tiedHead: head === "tied" });
    const { tokenizer: read, ...opened } = await openTranslator(await savedFolder(kind));
    expect(opened.model.config()).toEqual(kind.config());
    expect(opened.weights).toEqual(weightsOf(kind));
    expect(opened.tokens).toEqual(tokens);
    expect(opened.generation).toEqual({ beams: 4, lengthPenalty: 0.6, maxTokens: 100 });
    expect(read.toJSON()).toEqual(tokenizer.toJSON());
    expect(read.config).toMatchObject({ pad_token: "<pad>", eos_token: "</s>" });
  });

  it("ends texts in other libraries, and leaves ours as they are", async () => {
    const folder = await savedFolder();
    const file = await readJson(folder, "tokenizer.json");
    expect(surroundingTokens(file.post_processor)).toEqual({ before: [], after: [end] });
    const opened = await openTranslator(folder);
    expect(opened.tokenizer.encode("a sentence")).toEqual(tokenizer.encode("a sentence"));
    const again = memoryFolder();
    await saveTranslator(again, opened);
    for (const name of await folder.list("")) expect(await again.read(name)).toEqual(await folder.read(name));
  });

  it("is opened as t5-small's lies on the Hub", async () => {
    const small = t5({ ...sizes, vocabSize: 16, feedForward: "relu" }); // more rows than tokens, as there
    const weights = weightsOf(small);
    const shared = weights.get("shared.weight")!;
    const unread = "decoder.block.0.layer.1.EncDecAttention.relative_attention_bias.weight";
    const stored = new Map([
      ...weights,
      ["encoder.embed_tokens.weight", shared],
      ["lm_head.weight", shared],
      [unread, { shape: [32, 2], data: new Float32Array(64) }],
    ]);
    const tasks = {
      summarization: { prefix: "s: " },
      translation_en_to_de: { num_beams: 4, prefix: "a dog " },
    };
    const others = { n_positions: 512, output_past: true, task_specific_params: tasks };
    const ids = { decoder_start_token_id: 0, eos_token_id: 1, pad_token_id: 0 };
    const folder = memoryFolder();
    await folder.write(
      "config.json",
      jsonText({ ...small.config(), tie_word_embeddings: undefined, ...others, ...ids }),
    );
    await folder.write("tokenizer.json", jsonText(unigrams));
    await folder.write("tokenizer_config.json", jsonText({ eos_token: "</s>", pad_token: "<pad>" }));
    await writeSafetensors(folder, "model.safetensors", stored);
    const opened = await openTranslator(folder);
    expect(opened.model.config()).toEqual(small.config());
    expect(opened.weights).toEqual(weights);
    expect(opened.tokens).toEqual({ start: 0, end: 1, pad: 0 });
    expect(Array.from(opened.tokenizer.encode("a dogs"))).toEqual([3, 4, 5]);
    expect(surroundingTokens((opened.tokenizer.toJSON() as JsonObject).post_processor).after).toEqual([1]);
    const again = memoryFolder();
    await saveTranslator(again, opened);
    for (const { tokenizer } of [opened, await openTranslator(again)]) {
      expect(languagesOf(tokenizer)).toEqual(["de"]);
      expect(directionsOf(tokenizer)).toEqual([["en", "de"]]);
      expect(languagePrefix(tokenizer, "de")).toEqual([3, 4]);
      expect(() => languagePrefix(tokenizer, "en")).toThrow(TokenizerError);
    }
    expect((await readJson(again, "config.json")).task_specific_params).toEqual(tasks);
    expect(await readJson(again, "tokenizer.json")).toMatchObject({
      post_processor: unigrams.post_processor,
    });
  });

  it("is refused where what is tied differs", async () => {
    const folder = await savedFolder();
    const { shape, data } = weightsOf(model).get("shared.weight")!;
    const other = { shape, data: data.map((x) => x + 1) };
    const stored = new Map([...weightsOf(model), ["decoder.embed_tokens.weight", other]]);
    await writeSafetensors(folder, "model.safetensors", stored);
    await expect(openTranslator(folder)).rejects.toThrow(
      /decoder\.embed_tokens\.weight .* differs from shared/,
    );
  });

  it("is refused without the token that comes first", async () => {
    const folder = await savedFolder();
    await folder.write("generation_config.json", jsonText({ eos_token_id: 1 }));
    await folder.write("config.json", jsonText(model.config()));
    await expect(openTranslator(folder)).rejects.toThrow(/decoder_start_token_id/);
  });

  it("is not written without a parameter, or with more tokens than the model knows", async () => {
    const few = saved(t5({ ...sizes, vocabSize: vocabSize - 1 }));
    await expect(saveTranslator(memoryFolder(), few)).rejects.toThrow(
      `${vocabSize} against ${vocabSize - 1}`,
    );
    const headless = { ...saved(t5({ ...sizes, vocabSize, tiedHead: false })), weights: weightsOf(model) };
    await expect(saveTranslator(memoryFolder(), headless)).rejects.toThrow(/lm_head\.weight/);
  });
});

describe("a config of a model that translates", () => {
  it.each([
    ["feed_forward_proj", "gated-silu"],
    ["feed_forward_proj", "gelu"],
    ["dense_act_fn", "relu"],
    ["is_encoder_decoder", false],
    ["d_model", 0],
    ["vocab_size", 1.5],
    ["num_layers", 1e9],
    ["relative_attention_num_buckets", 2],
    ["relative_attention_max_distance", 16],
    ["model_type", "mt5"],
  ])("with %s %j is refused by that name", (field, value) => {
    const open = () => translatorFromConfig({ ...model.config(), [field]: value }, "config.json");
    expect(open).toThrow(CheckpointError);
    expect(open).toThrow(field);
  });

  it("has Transformers' defaults where a field is missing", () => {
    expect(translatorFromConfig({ model_type: "t5" }, "config.json").config()).toMatchObject({
      vocab_size: 32_128,
      d_model: 512,
      d_kv: 64,
      d_ff: 2048,
      num_layers: 6,
      num_decoder_layers: 6,
      num_heads: 8,
      relative_attention_num_buckets: 32,
      relative_attention_max_distance: 128,
      feed_forward_proj: "relu",
      layer_norm_epsilon: 1e-6,
      tie_word_embeddings: true,
    });
  });

  it("has an own head where Transformers 5 says that it is not scaled", () => {
    const config = { ...model.config(), tie_word_embeddings: true, scale_decoder_outputs: false };
    const names = translatorFromConfig(config, "config.json").parameters.map(({ name }) => name);
    expect(names).toContain("lm_head.weight");
  });
});
