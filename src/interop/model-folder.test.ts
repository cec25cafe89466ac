import { describe, expect, it } from "vitest";
import { randomStream } from "../core/random.js";
import { byteTokenizer } from "../features/tokenizer/byte-tokenizer.js";
import type { Folder } from "../files/folder.js";
import { memoryFolder } from "../files/memory.js";
import type { Decoder } from "../models/decoder.js";
import { gemma3 } from "../models/gemma3.js";
import { gpt2 } from "../models/gpt2.js";
import { llama } from "../models/llama.js";
import { initialise } from "../nn/parameter.js";
import { CheckpointError } from "./errors.js";
import { jsonText } from "./folder-files.js";
import { decoderFromConfig } from "./model-config.js";
import { loadModel, openModel, type SavedModel, saveModel } from "./model-folder.js";
import { type NamedArray, writeSafetensors } from "./safetensors.js";

const sizes = { vocabSize: 257, contextLength: 8, numLayers: 2, numHeads: 4, width: 8 };
const slower = {
  kind: "llama3",
  factor: 8,
  lowFrequency: 1,
  highFrequency: 4,
  originalContextLength: 4,
} as const;
const models: [string, Decoder][] = [
  ["gpt2", gpt2(sizes)],
  ["llama", llama({ ...sizes, kvHeads: 2, hiddenWidth: 12, ropeTheta: 500, rmsNormEpsilon: 1e-5 })],
  ["qwen3", llama({ ...sizes, kvHeads: 2, hiddenWidth: 12, headWidth: 6, qkNorm: true, tiedHead: true })],
  ["qwen2", llama({ ...sizes, kvHeads: 2, hiddenWidth: 12, qkvBias: true, ropeScaling: slower })],
  ["smollm3", llama({ ...sizes, kvHeads: 2, hiddenWidth: 12, noRopeLayers: [1], tiedHead: true })],
  [
    "gemma3_text",
    gemma3({ ...sizes, kvHeads: 2, hiddenWidth: 12, slidingWindow: 3, globalLayers: [1], queryScalar: 5 }),
  ],
];
const tokenizer = byteTokenizer({ specialTokens: ["<|endoftext|>"] });

function randomWeights(model: Decoder): Map<string, NamedArray> {
  return new Map(
    model.parameters.map(({ name, shape, init }) => {
      const data = new Float32Array(shape.reduce((a, b) => a * b, 1));
      initialise(data, init, randomStream(1, name));
      return [name, { shape, data }];
    }),
  );
}

async function filesOf(folder: Folder): Promise<Record<string, Uint8Array>> {
  const names = await folder.list("");
  return Object.fromEntries(
    await Promise.all(names.map(async (name) => [name, await folder.read(name)] as const)),
  );
}

async function savedGpt2(changes: object = {}, weights?: Map<string, NamedArray>): Promise<Folder> {
  const folder = memoryFolder();
  const model = models[0][1];
  const config = { ...model.huggingFaceConfig(), ...changes };
  await folder.write("config.json", JSON.stringify(config));
  await writeSafetensors(folder, "model.safetensors", weights ?? randomWeights(model));
  return folder;
}

describe.each(models)("a %s folder", (kind, model) => {
  it("is the same, byte for byte, when it is saved, loaded and saved again", async () => {
    const saved: SavedModel = {
      model,
      weights: randomWeights(model),
      tokenizer,
      generation: { maxTokens: 50, temperature: 0.7, topP: 0.9 },
    };
    const [first, second] = [memoryFolder(), memoryFolder()];
    await saveModel(first, saved);
    const loaded = await loadModel(first);
    await saveModel(second, loaded);
    expect(await filesOf(second)).toEqual(await filesOf(first));
    expect(loaded.weights).toEqual(saved.weights);
    expect(loaded.model.parameters).toEqual(model.parameters);
    expect(loaded.generation).toEqual(saved.generation);
    expect(loaded.tokenizer?.endOfText).toBe(256);
    const config = JSON.parse(new TextDecoder().decode(await first.read("config.json")));
    expect(config).toMatchObject({ model_type: kind, bos_token_id: 256, eos_token_id: 256 });
  });
});

describe("settings for generation", () => {
  it("are greedy for a temperature of zero, in both directions", async () => {
    const folder = memoryFolder();
    const model = models[0][1];
    await saveModel(folder, { model, weights: randomWeights(model), generation: { temperature: 0 } });
    const json = JSON.parse(new TextDecoder().decode(await folder.read("generation_config.json")));
    expect(json).toEqual({ bos_token_id: null, eos_token_id: null, do_sample: false });
    expect((await loadModel(folder)).generation).toEqual({ temperature: 0 });
  });

  it.each([
    ["no_repeat_ngram_size", 3],
    ["suppress_tokens", [1, 2]],
    ["num_beams", 4],
    ["stop_strings", ["."]],
    ["of_next_year", true],
  ])("that make other texts are refused: %s", async (name, value) => {
    const folder = await savedGpt2();
    await folder.write("generation_config.json", jsonText({ temperature: 0.7, [name]: value }));
    const found = `${name}: ${JSON.stringify(value)} in ${folder.location}/generation_config.json`;
    await expect(loadModel(folder)).rejects.toMatchObject({ name: "CheckpointError", values: found });
  });

  it("that make none are not, as Transformers writes them all", async () => {
    const neutral = {
      no_repeat_ngram_size: 0,
      suppress_tokens: null,
      num_beams: 1,
      bad_words_ids: [],
      typical_p: 1.0,
    };
    const theirs = {
      _from_model_config: true,
      max_length: 20,
      use_cache: true,
      cache_implementation: "hybrid",
    };
    const folder = await savedGpt2();
    await folder.write("generation_config.json", jsonText({ ...neutral, ...theirs, top_k: 5 }));
    expect((await loadModel(folder)).generation).toEqual({ topK: 5 });
  });

  it("must be numbers", async () => {
    const folder = await savedGpt2();
    await folder.write("generation_config.json", '{"top_k": "40"}');
    await expect(loadModel(folder)).rejects.toThrow(/top_k: "40"/);
  });
});

describe("other people's GPT-2 folders", () => {
  it("may leave out the prefix and carry mask buffers and a copy of the head", async () => {
    const weights = randomWeights(models[0][1]);
    const bare = new Map([...weights].map(([name, value]) => [name.replace("transformer.", ""), value]));
    bare.set("h.0.attn.bias", { shape: [1, 1, 2, 2], data: Float32Array.of(1, 0, 1, 1) });
    bare.set("h.1.attn.masked_bias", { shape: [], data: Float32Array.of(-1e4) });
    bare.set("lm_head.weight", weights.get("transformer.wte.weight")!);
    expect((await loadModel(await savedGpt2({}, bare))).weights).toEqual(weights);
  });

  it("are refused when the head is another than the embedding", async () => {
    const weights = randomWeights(models[0][1]);
    const { shape, data } = weights.get("transformer.wte.weight")!;
    weights.set("lm_head.weight", { shape, data: data.map((v) => v + 1) });
    await expect(loadModel(await savedGpt2({}, weights))).rejects.toThrow(/lm_head\.weight.*differs/);
  });

  it.each([
    [
      "missing",
      (w: Map<string, NamedArray>) => w.delete("transformer.ln_f.bias"),
      /missing transformer\.ln_f\.bias/,
    ],
    [
      "unknown",
      (w: Map<string, NamedArray>) => w.set("score", { shape: [0], data: new Float32Array() }),
      /unknown score/,
    ],
    [
      "mis-shaped",
      (w: Map<string, NamedArray>) =>
        w.set("transformer.ln_f.bias", { shape: [4], data: new Float32Array(4) }),
      /transformer\.ln_f\.bias is \[4\], not \[8\]/,
    ],
    [
      "not finite",
      (w: Map<string, NamedArray>) => w.get("transformer.ln_f.bias")!.data.fill(Number.NaN, 3, 4),
      /transformer\.ln_f\.bias .*infinite or not a number/,
    ],
  ])("are refused when a tensor is %s", async (_, change, message) => {
    const weights = randomWeights(models[0][1]);
    change(weights);
    const loading = loadModel(await savedGpt2({}, weights));
    await expect(loading).rejects.toThrow(CheckpointError);
    await expect(loading).rejects.toThrow(message);
  });
});

describe("a config that cannot be expressed exactly", () => {
  it.each([
    ["gpt2", { model_type: "bloom" }, /model_type "bloom"/],
    ["gpt2", { n_inner: 17 }, /n_inner: 17/],
    ["gpt2", { activation_function: "relu" }, /activation_function: "relu"/],
    ["gpt2", { scale_attn_by_inverse_layer_idx: true }, /scale_attn_by_inverse_layer_idx/],
    ["gpt2", { tie_word_embeddings: false }, /tie_word_embeddings/],
    ["gpt2", { n_layer: "2" }, /n_layer: "2"/],
    ["gpt2", { n_embd: null }, /n_embd/],
    ["gpt2", { use_alibi: true }, /use_alibi: true/],
    ["llama", { rope_scaling: { type: "dynamic", factor: 2 } }, /rope_scaling: .*dynamic/],
    ["llama", { rope_scaling: { type: "linear", rope_type: "llama3", factor: 2 } }, /rope_scaling/],
    ["llama", { rope_scaling: { rope_type: "llama3", factor: 8 } }, /rope_scaling: .*llama3/],
    ["llama", { rope_scaling: { rope_type: "linear", factor: -1 } }, /rope_scaling: .*-1/],
    ["llama", { rope_scaling: "linear" }, /rope_scaling: "linear"/],
    ["llama", { rope_parameters: { rope_type: "yarn", rope_theta: 500 } }, /rope_parameters: .*yarn/],
    ["llama", { rope_parameters: { rope_theta: 501 } }, /rope_parameters: .*501/],
    ["llama", { rope_parameters: { rope_theta: 500, partial_rotary_factor: 0.5 } }, /partial_rotary_factor/],
    ["llama", { attention_bias: true }, /attention_bias/],
    ["llama", { hidden_act: "gelu" }, /hidden_act/],
    ["llama", { sliding_window: 4 }, /sliding_window: 4/],
    ["llama", { quantization_config: { bits: 4 } }, /quantization_config/],
    ["qwen3", { layer_types: ["full_attention", "sliding_attention"] }, /sliding_attention/],
    ["qwen3", { use_sliding_window: true }, /use_sliding_window/],
    ["qwen2", { use_sliding_window: true }, /use_sliding_window/],
    ["smollm3", { no_rope_layers: [1] }, /no_rope_layers: \[1\]/],
    ["smollm3", { no_rope_layers: [1, 2] }, /no_rope_layers: \[1,2\]/],
    ["gemma3_text", { hidden_activation: "gelu" }, /hidden_activation: "gelu"/],
    ["gemma3_text", { final_logit_softcapping: 30 }, /final_logit_softcapping: 30/],
    ["gemma3_text", { attn_logit_softcapping: 50 }, /attn_logit_softcapping: 50/],
    ["gemma3_text", { use_bidirectional_attention: true }, /use_bidirectional_attention: true/],
    [
      "gemma3_text",
      { layer_types: ["chunked_attention", "full_attention"] },
      /layer_types: .*chunked_attention/,
    ],
    ["gemma3_text", { rope_parameters: { rope_type: "default", rope_theta: 1e6 } }, /rope_parameters/],
    [
      "gemma3_text",
      { model_type: "gemma3" },
      /model_type "gemma3".*smollm3 and gemma3_text models can be opened/s,
    ],
  ])("%s with %j is named", async (kind, changes, message) => {
    const folder = memoryFolder();
    const model = new Map(models).get(kind)!;
    await saveModel(folder, { model, weights: randomWeights(model) });
    await folder.write("config.json", JSON.stringify({ ...model.huggingFaceConfig(), ...changes }));
    const loading = loadModel(folder);
    await expect(loading).rejects.toThrow(CheckpointError);
    await expect(loading).rejects.toThrow(message);
  });

  it("is not one that only says more", async () => {
    const folder = memoryFolder();
    const [, model] = models[2];
    await saveModel(folder, { model, weights: randomWeights(model) });
    const { rope_theta, ...config } = model.huggingFaceConfig();
    const more = {
      use_sliding_window: false,
      sliding_window: 4096,
      max_window_layers: 2,
      rope_scaling: null,
    };
    const rope = { rope_parameters: { rope_type: "default", rope_theta } };
    await folder.write("config.json", JSON.stringify({ ...config, ...more, ...rope, use_cache: true }));
    expect((await loadModel(folder)).model.huggingFaceConfig()).toEqual(model.huggingFaceConfig());
  });
});

/** Configs as their authors publish them, with small sizes. */
const published: Record<string, object> = {
  llama: {
    ...{
      architectures: ["LlamaForCausalLM"],
      attention_bias: false,
      attention_dropout: 0,
      hidden_act: "silu",
    },
    ...{ bos_token_id: 128000, eos_token_id: [128001, 128008, 128009], head_dim: 2, hidden_size: 8 },
    ...{ initializer_range: 0.02, intermediate_size: 12, max_position_embeddings: 131072, mlp_bias: false },
    ...{ num_attention_heads: 4, num_hidden_layers: 2, num_key_value_heads: 2, pretraining_tp: 1 },
    rope_scaling: {
      ...{ factor: 32, high_freq_factor: 4, low_freq_factor: 1, original_max_position_embeddings: 8192 },
      rope_type: "llama3",
    },
    ...{ rms_norm_eps: 1e-5, rope_theta: 500000, tie_word_embeddings: true, torch_dtype: "bfloat16" },
    ...{ transformers_version: "4.45.0.dev0", use_cache: true, vocab_size: 257 },
  },
  qwen2: {
    ...{
      architectures: ["Qwen2ForCausalLM"],
      attention_dropout: 0,
      bos_token_id: 151643,
      eos_token_id: 151645,
    },
    ...{ hidden_act: "silu", hidden_size: 8, initializer_range: 0.02, intermediate_size: 12 },
    ...{
      max_position_embeddings: 32768,
      max_window_layers: 21,
      num_attention_heads: 4,
      num_hidden_layers: 2,
    },
    ...{ num_key_value_heads: 2, rms_norm_eps: 1e-6, rope_theta: 1000000, sliding_window: 32768 },
    ...{
      tie_word_embeddings: true,
      torch_dtype: "bfloat16",
      transformers_version: "4.43.1",
      use_cache: true,
    },
    ...{ use_sliding_window: false, vocab_size: 257 },
  },
  smollm3: {
    ...{
      architectures: ["SmolLM3ForCausalLM"],
      attention_bias: false,
      attention_dropout: 0,
      bos_token_id: null,
    },
    ...{ eos_token_id: 128012, hidden_act: "silu", hidden_size: 8, initializer_range: 0.02 },
    ...{
      intermediate_size: 12,
      layer_types: Array(5).fill("full_attention"),
      max_position_embeddings: 65536,
    },
    ...{ max_window_layers: 28, mlp_bias: false, no_rope_layer_interval: 4, no_rope_layers: [1, 1, 1, 0, 1] },
    ...{ num_attention_heads: 4, num_hidden_layers: 5, num_key_value_heads: 2, pad_token_id: 128004 },
    ...{
      pretraining_tp: 2,
      rms_norm_eps: 1e-6,
      rope_scaling: null,
      rope_theta: 5000000,
      sliding_window: null,
    },
    ...{ torch_dtype: "bfloat16", use_cache: false, use_sliding_window: false, vocab_size: 257 },
  },
  gemma3_text: {
    ...{ architectures: ["Gemma3ForCausalLM"], attention_bias: false, attention_dropout: 0, bos_token_id: 2 },
    ...{ attn_logit_softcapping: null, cache_implementation: "hybrid", eos_token_id: [1, 106], head_dim: 4 },
    ...{ final_logit_softcapping: null, hidden_activation: "gelu_pytorch_tanh", hidden_size: 8 },
    ...{ initializer_range: 0.02, intermediate_size: 12, max_position_embeddings: 32768 },
    ...{ num_attention_heads: 4, num_hidden_layers: 7, num_key_value_heads: 1, pad_token_id: 0 },
    ...{ query_pre_attn_scalar: 256, rms_norm_eps: 1e-6, rope_local_base_freq: 10000, rope_scaling: null },
    ...{ rope_theta: 1000000, sliding_window: 512, sliding_window_pattern: 6, torch_dtype: "bfloat16" },
    ...{ transformers_version: "4.50.0.dev0", use_cache: true, vocab_size: 257 },
  },
};

describe("a published config", () => {
  const read = (kind: string) =>
    decoderFromConfig({ ...published[kind], model_type: kind }, kind).huggingFaceConfig();

  it.each(Object.keys(published))("of a %s is read and says the same when it is written", (kind) => {
    const written = read(kind);
    expect(decoderFromConfig(written, kind).huggingFaceConfig()).toEqual(written);
    expect(written).toMatchObject({ model_type: kind, ...differing[kind] });
  });

  /** What ours says of what makes the kind. */
  const differing: Record<string, object> = {
    llama: { rope_theta: 500000, rope_scaling: { rope_type: "llama3", factor: 32, low_freq_factor: 1 } },
    qwen2: { rope_theta: 1000000, tie_word_embeddings: true },
    smollm3: { rope_theta: 5000000, no_rope_layers: [1, 1, 1, 0, 1], tie_word_embeddings: true },
    gemma3_text: {
      layer_types: [...Array(5).fill("sliding_attention"), "full_attention", "sliding_attention"],
      ...{
        rope_theta: 1000000,
        rope_local_base_freq: 10000,
        sliding_window: 512,
        query_pre_attn_scalar: 256,
      },
    },
  };
});

describe("opening", () => {
  it("refuses a tokenizer with more tokens than the model", async () => {
    const folder = memoryFolder();
    const model = gpt2({ ...sizes, vocabSize: 256 });
    await saveModel(folder, { model, weights: randomWeights(model) });
    await folder.write("tokenizer.json", JSON.stringify(tokenizer.toJSON()));
    await expect(loadModel(folder)).rejects.toThrow(/257 against 256/);
  });

  it("takes the checkpoint that a run's folder names", async () => {
    const run = memoryFolder();
    const [[, first], [, second]] = models;
    await saveModel(run.folder("checkpoints/step-000005"), { model: first, weights: randomWeights(first) });
    await saveModel(run.folder("checkpoints/step-000010"), { model: second, weights: randomWeights(second) });
    await run.write("checkpoints/best", "step-000005");
    await run.write("checkpoints/latest", "step-000010\n");
    expect((await openModel(run)).model.huggingFaceConfig().model_type).toBe("llama");
    expect((await openModel(run, "best")).model.huggingFaceConfig().model_type).toBe("gpt2");
    expect((await openModel(run, "step-000005")).model.huggingFaceConfig().model_type).toBe("gpt2");
    await expect(openModel(run, "step-000007")).rejects.toThrow(/step-000007.*step-000005, step-000010/);
    await run.write("checkpoints/latest", "step-000011");
    await expect(openModel(run)).rejects.toThrow(/step-000011.*step-000005, step-000010/);
    await run.write("checkpoints/latest", "../step-000010");
    await expect(openModel(run)).rejects.toThrow(CheckpointError);
    await expect(openModel(memoryFolder())).rejects.toThrow(/neither a model nor a run/);
  });

  it("names a config.json that is cut off", async () => {
    const folder = await savedGpt2();
    await folder.write("config.json", '{"model_type": "gp');
    await expect(loadModel(folder)).rejects.toThrow(/config\.json/);
  });
});
