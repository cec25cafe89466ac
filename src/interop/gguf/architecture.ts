/** Our decoders as llama.cpp knows them: keys of the metadata, names and layouts of the tensors. */
import type { Decoder } from "../../models/decoder.js";
import type { NamedArray } from "../safetensors.js";
import { GgufError } from "./errors.js";
import { float32, type GgufValue, uint32 } from "./gguf-file.js";

/** One of a decoder's parameters. */
export type Parameter = Decoder["parameters"][number];

export type Architecture = "gpt2" | "llama" | "qwen3";

/** Throws `GgufError` for a decoder that llama.cpp does not know under its own name. */
export function architectureOf(model: Decoder): Architecture {
  const { model_type: type } = model.huggingFaceConfig();
  if (type === "gpt2" || type === "llama" || type === "qwen3") return type;
  throw new GgufError(
    "a model of this kind cannot be written as GGUF",
    `model_type ${JSON.stringify(type)}`,
    "export a gpt2, llama or qwen3 model, or choose another format",
  );
}

/** The sizes and constants of the model, under the architecture's own keys. */
export function modelMetadata(model: Decoder): Map<string, GgufValue> {
  const architecture = architectureOf(model);
  const config = model.huggingFaceConfig();
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
          "rope.dimension_count": uint32(model.headWidth),
          "rope.freq_base": float32(number("rope_theta")),
        };
  const values = {
    vocab_size: uint32(model.vocabSize),
    context_length: uint32(model.contextLength),
    block_count: uint32(model.numLayers),
    "attention.head_count": uint32(model.numHeads),
    "attention.head_count_kv": uint32(model.kvHeads),
    "attention.key_length": uint32(model.headWidth),
    "attention.value_length": uint32(model.headWidth),
    ...own,
  };
  return new Map(Object.entries(values).map(([key, value]) => [`${architecture}.${key}`, value]));
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
  "mlp.gate_proj": "ffn_gate",
  "mlp.up_proj": "ffn_up",
  "mlp.down_proj": "ffn_down",
};

/** llama.cpp's name of a parameter. Throws `GgufError` for one that it has none for. */
export function tensorName(name: string): string {
  const [, layer, stem, kind] =
    /^(?:(?:transformer\.h|model\.layers)\.(\d+)\.)?(.+)\.(\w+)$/.exec(name) ?? [];
  const theirs = tensorNames[stem];
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
  const heads = pairedHeads(name, model);
  return heads === undefined ? array : inPairs(array, heads, (to, from) => [to, from]);
}

/** The inverse of `inTheirLayout`. */
export function inOurLayout({ name, inputAxis }: Layout, array: NamedArray, model: Decoder): NamedArray {
  if (inputAxis === 0) return transposed(array);
  const heads = pairedHeads(name, model);
  return heads === undefined ? array : inPairs(array, heads, (to, from) => [from, to]);
}

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
  if (architectureOf(model) !== "llama") return undefined;
  if (name.endsWith(".q_proj.weight")) return model.numHeads;
  return name.endsWith(".k_proj.weight") ? model.kvHeads : undefined;
}

/**
 * Rotary positions turn element i of a head together with element i + d/2; llama.cpp's llama turns
 * neighbours, so each head's rows are interleaved. Its qwen3 does as we do. `direction` is given a row in pairs
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
