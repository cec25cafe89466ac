/** Our decoders as llama.cpp knows them: keys of the metadata, names and layouts of the tensors. */
import type { Decoder } from "../../models/decoder.js";
import type { NamedArray } from "../safetensors.js";
import { GgufError } from "./errors.js";
import { float32, type GgufValue, uint32 } from "./gguf-file.js";
import { ropeMetadata } from "./rope.js";

/** One of a decoder's parameters. */
export type Parameter = Decoder["parameters"][number];

/** What llama.cpp calls the architectures, by `model_type`. */
const architectures = {
  gpt2: "gpt2",
  llama: "llama",
  qwen2: "qwen2",
  qwen3: "qwen3",
  smollm3: "smollm3",
  gemma3_text: "gemma3",
} as const;

export type Architecture = (typeof architectures)[keyof typeof architectures];

/** Throws `GgufError` for a decoder that llama.cpp does not know under its own name. */
export function architectureOf(model: Decoder): Architecture {
  const { model_type: type } = model.huggingFaceConfig();
  const found = architectures[type as keyof typeof architectures];
  if (found) return found;
  throw new GgufError(
    "a model of this kind cannot be written as GGUF",
    `model_type ${JSON.stringify(type)}`,
    `export a ${Object.keys(architectures).join(", ")} model, or choose another format`,
  );
}

/**
 * The sizes and constants of the model, under the architecture's own keys. Throws `GgufError` for a model whose
 * constants llama.cpp has fixed at other values.
 */
export function modelMetadata(model: Decoder): Map<string, GgufValue> {
  const architecture = architectureOf(model);
  const config = model.huggingFaceConfig();
  checkFixed(model, architecture, config);
  const number = (key: string) => config[key] as number;
  const own =
    architecture === "gpt2"
      ? {
          embedding_length: uint32(number("n_embd")),
          feed_forward_length: uint32(4 * number("n_embd")),
          "attention.layer_norm_epsilon": float32(number("layer_norm_epsilon")),
        }
      : {
          embedding_length: uint32(number("hidden_size")),
          feed_forward_length: uint32(number("intermediate_size")),
          "attention.layer_norm_rms_epsilon": float32(number("rms_norm_eps")),
          ...ropeMetadata(model),
        };
  const window =
    architecture === "gemma3" ? { "attention.sliding_window": uint32(number("sliding_window")) } : {};
  const values = {
    vocab_size: uint32(model.vocabSize),
    context_length: uint32(model.contextLength),
    block_count: uint32(model.numLayers),
    "attention.head_count": uint32(model.numHeads),
    "attention.head_count_kv": uint32(model.kvHeads),
    "attention.key_length": uint32(model.headWidth),
    "attention.value_length": uint32(model.headWidth),
    ...own,
    ...window,
  };
  return new Map(Object.entries(values).map(([key, value]) => [`${architecture}.${key}`, value]));
}

/** Every how many layers one of smollm3 has no rotary positions, and one of gemma3 sees all of the text. */
export const layerSteps = { smollm3: 4, gemma3: 6 };
/** Rotary base of gemma3's layers with a window. */
export const localTheta = 10_000;

/** What gemma3's scores are divided by the root of: the width of a head, but of the model with 62 layers. */
export const queryScalar = (numLayers: number, width: number, numHeads: number, headWidth: number) =>
  numLayers === 62 ? Math.floor(width / numHeads) : headWidth;

/** What is no metadata of an architecture has to be as llama.cpp has it. [llama-model.cpp, load_hparams] */
function checkFixed(model: Decoder, architecture: Architecture, config: Record<string, unknown>): void {
  const every = (step: number, there: unknown, others: unknown) =>
    Array.from({ length: model.numLayers }, (_, layer) => ((layer + 1) % step === 0 ? there : others));
  const fixed: Record<string, unknown> = {
    ...(architecture === "qwen2" ? { head_dim: (config.hidden_size as number) / model.numHeads } : {}),
    ...(architecture === "smollm3" ? { no_rope_layers: every(layerSteps.smollm3, 0, 1) } : {}),
    ...(architecture === "gemma3"
      ? {
          layer_types: every(layerSteps.gemma3, "full_attention", "sliding_attention"),
          rope_local_base_freq: localTheta,
          query_pre_attn_scalar: queryScalar(
            model.numLayers,
            config.hidden_size as number,
            model.numHeads,
            model.headWidth,
          ),
          tie_word_embeddings: true,
        }
      : {}),
  };
  for (const [key, value] of Object.entries(fixed)) {
    if (JSON.stringify(config[key]) !== JSON.stringify(value)) throw otherwise(key, config[key], value);
  }
  const { rope_type: scaling } = (config.rope_scaling ?? {}) as { rope_type?: string };
  if (scaling === "llama3" && architecture !== "llama")
    throw otherwise("rope_scaling", scaling, "linear or none");

  function otherwise(key: string, found: unknown, theirs: unknown): GgufError {
    return new GgufError(
      "llama.cpp computes another model of this kind than this one",
      `${key} is ${JSON.stringify(found)}, of a ${architecture} in llama.cpp ${JSON.stringify(theirs)}`,
      "export as safetensors or onnx, or train a model that is as llama.cpp has it",
    );
  }
}

/** llama.cpp's names for ours; those inside a layer without the layer. */
const tensorNames: Readonly<Record<string, string>> = {
  "transformer.wte": "token_embd",
  "transformer.wpe": "position_embd",
  "transformer.ln_f": "output_norm",
  ln_1: "attn_norm",
  "attn.c_attn": "attn_qkv",
  "attn.c_proj": "attn_output",
  ln_2: "ffn_norm",
  "mlp.c_fc": "ffn_up",
  "mlp.c_proj": "ffn_down",
  "model.embed_tokens": "token_embd",
  "model.norm": "output_norm",
  lm_head: "output",
  input_layernorm: "attn_norm",
  "self_attn.q_proj": "attn_q",
  "self_attn.k_proj": "attn_k",
  "self_attn.v_proj": "attn_v",
  "self_attn.o_proj": "attn_output",
  "self_attn.q_norm": "attn_q_norm",
  "self_attn.k_norm": "attn_k_norm",
  post_attention_layernorm: "ffn_norm",
  pre_feedforward_layernorm: "ffn_norm",
  post_feedforward_layernorm: "post_ffw_norm",
  "mlp.gate_proj": "ffn_gate",
  "mlp.up_proj": "ffn_up",
  "mlp.down_proj": "ffn_down",
};

/** llama.cpp's name of a parameter. Throws `GgufError` for one that it has none for. */
export function tensorName(name: string, architecture: Architecture): string {
  const [, layer, stem, kind] =
    /^(?:(?:transformer\.h|model\.layers)\.(\d+)\.)?(.+)\.(\w+)$/.exec(name) ?? [];
  const isAfter = architecture === "gemma3" && stem === "post_attention_layernorm";
  const theirs = isAfter ? "post_attention_norm" : tensorNames[stem];
  if (theirs) return `${layer === undefined ? "" : `blk.${layer}.`}${theirs}.${kind}`;
  throw new GgufError(
    "a parameter has no name in GGUF",
    name,
    "export as safetensors or onnx; this model has a part that llama.cpp lacks",
  );
}

/** A parameter in llama.cpp's layout: weights are [outputs, inputs], as PyTorch's `Linear` keeps them. */
export function inTheirLayout({ name, inputAxis }: Layout, array: NamedArray, model: Decoder): NamedArray {
  if (inputAxis === 0) return transposed(array);
  if (isNormPlusOne(name, model)) return plus(array, 1);
  const heads = pairedHeads(name, model);
  return heads === undefined ? array : inPairs(array, heads, (to, from) => [to, from]);
}

/** The inverse of `inTheirLayout`. */
export function inOurLayout({ name, inputAxis }: Layout, array: NamedArray, model: Decoder): NamedArray {
  if (inputAxis === 0) return transposed(array);
  if (isNormPlusOne(name, model)) return plus(array, -1);
  const heads = pairedHeads(name, model);
  return heads === undefined ? array : inPairs(array, heads, (to, from) => [from, to]);
}

/** Gemma's norms multiply by 1 + w; llama.cpp keeps that sum. */
const isNormPlusOne = (name: string, model: Decoder) =>
  architectureOf(model) === "gemma3" && name.endsWith("norm.weight");

const plus = ({ shape, data }: NamedArray, one: 1 | -1): NamedArray => ({
  shape,
  data: data.map((value) => value + one),
});

type Layout = Pick<Parameter, "name" | "inputAxis">;

function transposed({ shape: [rows, columns], data }: NamedArray): NamedArray {
  const turned = new Float32Array(data.length);
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++)
      turned[column * rows + row] = data[row * columns + column];
  }
  return { shape: [columns, rows], data: turned };
}

/** How many heads a parameter has whose rows llama.cpp keeps in pairs; undefined for others. */
function pairedHeads(name: string, model: Decoder): number | undefined {
  if (!["llama", "smollm3"].includes(architectureOf(model))) return undefined;
  if (name.endsWith(".q_proj.weight")) return model.numHeads;
  return name.endsWith(".k_proj.weight") ? model.kvHeads : undefined;
}

/**
 * Rotary positions turn element i of a head together with element i + d/2; llama.cpp's llama and smollm3
 * turn neighbours, so each head's rows are interleaved. Its others do as we do. `direction` is given a row in pairs
 * and the row that we have there, and says from which (second) to which (first) to copy.
 */
function inPairs(
  { shape, data }: NamedArray,
  heads: number,
  direction: (inPairs: number, ours: number) => [number, number],
): NamedArray {
  const [rows, columns] = shape;
  const headWidth = rows / heads;
  const mixed = new Float32Array(data.length);
  for (let row = 0; row < rows; row++) {
    const inHead = row % headWidth;
    const ours = row - inHead + (inHead % 2) * (headWidth / 2) + Math.floor(inHead / 2);
    const [to, from] = direction(row, ours);
    mixed.set(data.subarray(from * columns, (from + 1) * columns), to * columns);
  }
  return { shape, data: mixed };
}
