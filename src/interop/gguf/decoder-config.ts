/** The metadata of a GGUF file as the `config.json` of a Hugging Face model. */
import { ropeScalingFields } from "../../models/rope-scaling.js";
import type { JsonObject } from "../folder-files.js";
import { layerSteps, localTheta, queryScalar } from "./architecture.js";
import type { MetadataValue } from "./cursor.js";
import { GgufError } from "./errors.js";
import type { OpenGguf } from "./open-gguf.js";
import { ropeDivisors, scalingWith } from "./rope.js";

/** Fields that say that something is not used, or is as it always is. */
const off: Readonly<Record<string, readonly MetadataValue[]>> = {
  "attention.causal": [true],
  "attention.clamp_kqv": [0],
  "attention.max_alibi_bias": [0],
  attn_logit_softcapping: [0],
  final_logit_softcapping: [0],
  expert_count: [0],
  expert_used_count: [0],
  "rope.scaling.finetuned": [false],
};

const readers: Readonly<Record<string, (fields: Fields) => JsonObject | Promise<JsonObject>>> = {
  gpt2: gpt2Config,
  llama: async (fields) => {
    const config = llamaConfig(fields, "llama");
    return { ...config, ...(await divisorScaling(fields.gguf, config)) };
  },
  qwen2: (fields) => llamaConfig(fields, "qwen2"),
  qwen3: (fields) => llamaConfig(fields, "qwen3"),
  smollm3: (fields) => ({ ...llamaConfig(fields, "smollm3"), no_rope_layer_interval: layerSteps.smollm3 }),
  gemma3: gemma3Config,
};

/**
 * The config of the model. Throws `GgufError` for another architecture than ours, a field that is missing, and one
 * that asks for what our decoders do not compute.
 */
export async function configOf(gguf: OpenGguf): Promise<JsonObject> {
  checkGeneral(gguf);
  const architecture = gguf.metadata.get("general.architecture");
  if (typeof architecture === "string" && Object.hasOwn(readers, architecture)) {
    const fields = new Fields(gguf, architecture);
    return fields.finish(await readers[architecture](fields));
  }
  const names = Object.keys(readers);
  throw new GgufError(
    "the model is of an architecture that cannot be opened",
    `general.architecture ${JSON.stringify(architecture)} in ${gguf.source}`,
    `${names.slice(0, -1).join(", ")} and ${names.at(-1)} models can be opened`,
  );
}

function checkGeneral({ metadata, source }: OpenGguf): void {
  for (const [key, expected] of [
    ["general.type", "model"],
    ["general.quantization_version", 2],
  ] as const) {
    const found = metadata.get(key) ?? expected;
    if (found === expected) continue;
    throw new GgufError(
      "a GGUF file is not of the kind that can be opened",
      `${key} ${found} in ${source}; it has to be ${expected}`,
      "give the file of the language model itself, as current versions of llama.cpp write it",
    );
  }
}

function gpt2Config(fields: Fields): JsonObject {
  const width = fields.number("embedding_length");
  const heads = fields.number("attention.head_count");
  fields.mustBe("feed_forward_length", 4 * width);
  fields.mustBe("attention.head_count_kv", heads);
  fields.mustBe("attention.key_length", width / heads);
  fields.mustBe("attention.value_length", width / heads);
  return {
    model_type: "gpt2",
    vocab_size: fields.vocabSize(),
    n_positions: fields.number("context_length"),
    n_embd: width,
    n_layer: fields.number("block_count"),
    n_head: heads,
    layer_norm_epsilon: fields.number("attention.layer_norm_epsilon"),
  };
}

/** A field that is missing means what it means in llama.cpp. */
function llamaConfig(fields: Fields, modelType: string): JsonObject {
  const width = fields.number("embedding_length");
  const heads = fields.number("attention.head_count");
  const headWidth = fields.number("attention.key_length", width / heads);
  fields.mustBe("attention.value_length", headWidth, width / heads);
  fields.mustBe("rope.dimension_count", headWidth);
  const factor = linearFactor(fields);
  return {
    model_type: modelType,
    vocab_size: fields.vocabSize(),
    max_position_embeddings: fields.number("context_length"),
    hidden_size: width,
    intermediate_size: fields.number("feed_forward_length"),
    num_hidden_layers: fields.number("block_count"),
    num_attention_heads: heads,
    num_key_value_heads: fields.number("attention.head_count_kv", heads),
    head_dim: headWidth,
    rms_norm_eps: fields.number("attention.layer_norm_rms_epsilon"),
    rope_theta: fields.number("rope.freq_base", 10_000),
    ...(factor === 1 ? {} : { rope_scaling: { rope_type: "linear", factor } }),
    tie_word_embeddings: !fields.gguf.tensors.has("output.weight"),
  };
}

function gemma3Config(fields: Fields): JsonObject {
  fields.mustBe("attention.sliding_window_pattern", layerSteps.gemma3);
  const config = llamaConfig(fields, "gemma3_text");
  const size = (key: string) => config[key] as number;
  const [numLayers, width, numHeads, headWidth] = [
    "num_hidden_layers",
    "hidden_size",
    "num_attention_heads",
    "head_dim",
  ].map(size);
  return {
    ...config,
    sliding_window: fields.number("attention.sliding_window"),
    sliding_window_pattern: layerSteps.gemma3,
    rope_local_base_freq: fields.number("rope.freq_base_swa", localTheta),
    query_pre_attn_scalar: queryScalar(numLayers, width, numHeads, headWidth),
    tie_word_embeddings: true, // of a head that some converters write beside the embedding the values are compared
  };
}

/** By which all pairs of a head turn slower; 0 says nothing, and other types than these are not computed. */
function linearFactor(fields: Fields): number {
  const older = fields.number("rope.scale_linear", 1);
  const factor = fields.number("rope.scaling.factor", older) || 1;
  fields.mustBeOneOf("rope.scaling.type", factor === 1 ? ["linear", "none"] : ["linear"]);
  return factor;
}

/** Llama 3's scaling, of which the file has the divisors alone. */
async function divisorScaling(gguf: OpenGguf, config: JsonObject): Promise<JsonObject> {
  if (!gguf.tensors.has(ropeDivisors)) return {};
  const { rope_theta, head_dim, max_position_embeddings, rope_scaling } = config;
  const divisors = await gguf.read(ropeDivisors);
  const scaling =
    divisors.length === (head_dim as number) / 2 && rope_scaling === undefined
      ? scalingWith(divisors, rope_theta as number, max_position_embeddings as number)
      : undefined;
  if (scaling === "none") return {};
  if (scaling) return { rope_scaling: ropeScalingFields(scaling) };
  throw new GgufError(
    "a GGUF file slows positions in a way that this decoder cannot do exactly",
    `${ropeDivisors} [${divisors.length}] in ${gguf.source} is not what Llama 3's scaling gives`,
    "choose a model whose rope_scaling is of the type llama3 or linear, or has none",
  );
}

/** Reads the fields of an architecture and knows which ones nobody has asked for. */
class Fields {
  private readonly left: Map<string, MetadataValue>;

  constructor(
    readonly gguf: OpenGguf,
    private readonly architecture: string,
  ) {
    const start = `${architecture}.`;
    const own = [...gguf.metadata].filter(([key]) => key.startsWith(start));
    this.left = new Map(own.map(([key, value]) => [key.slice(start.length), value]));
  }

  number(key: string, missing?: number): number {
    const value = this.take(key) ?? missing;
    if (typeof value === "number") return value;
    throw new GgufError(
      `a GGUF file lacks a usable ${this.architecture}.${key}`,
      `${value === undefined ? "nothing" : shown(value)} in ${this.gguf.source}; it has to be a number`,
      "convert the model again with a current llama.cpp",
    );
  }

  mustBe(key: string, expected: MetadataValue, missing = expected): void {
    const value = this.take(key) ?? missing;
    if (value !== expected) throw this.inexpressible(key, value);
  }

  /** A field that is missing is the first of those that it may be. */
  mustBeOneOf(key: string, allowed: readonly MetadataValue[]): void {
    const value = this.take(key) ?? allowed[0];
    if (!allowed.includes(value)) throw this.inexpressible(key, value);
  }

  /** The rows of the token embedding, which the field has to name where it is there. */
  vocabSize(): number {
    const rows = this.gguf.tensors.get("token_embd.weight")?.shape[0] ?? 0;
    this.mustBe("vocab_size", rows);
    return rows;
  }

  /** The config. Throws for a field that nobody has read and that does something. */
  finish(config: JsonObject): JsonObject {
    for (const [key, value] of this.left) {
      if (!off[key]?.includes(value)) throw this.inexpressible(key, value);
    }
    return config;
  }

  private take(key: string): MetadataValue | undefined {
    const value = this.left.get(key);
    this.left.delete(key);
    return value;
  }

  private inexpressible(key: string, value: MetadataValue): GgufError {
    return new GgufError(
      "a GGUF file asks for what this decoder cannot do exactly",
      `${this.architecture}.${key}: ${shown(value)} in ${this.gguf.source}`,
      "choose a model without it",
    );
  }
}

const shown = (value: MetadataValue) => String(value).slice(0, 60);
