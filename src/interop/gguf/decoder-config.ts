/** The metadata of a GGUF file as the `config.json` of a Hugging Face model. */
import type { JsonObject } from "../folder-files.js";
import type { MetadataValue } from "./cursor.js";
import { GgufError } from "./errors.js";
import type { OpenGguf } from "./open-gguf.js";

/** Fields that say that something is not used. */
const off: Readonly<Record<string, readonly MetadataValue[]>> = {
  "attention.causal": [true],
  "attention.clamp_kqv": [0],
  "attention.max_alibi_bias": [0],
  expert_count: [0],
  expert_used_count: [0],
  "rope.scale_linear": [1],
  "rope.scaling.factor": [1],
  "rope.scaling.finetuned": [false],
  "rope.scaling.type": ["none"],
};

/**
 * The config of a gpt2, llama or qwen3. Throws `GgufError` for another architecture, a field that is missing, and one
 * that asks for what our decoders do not compute.
 */
export function configOf(gguf: OpenGguf): JsonObject {
  checkGeneral(gguf);
  const architecture = gguf.metadata.get("general.architecture");
  const fields = new Fields(gguf, String(architecture));
  switch (architecture) {
    case "gpt2":
      return fields.finish(gpt2Config(fields));
    case "llama":
    case "qwen3":
      return fields.finish({ model_type: architecture, ...llamaConfig(fields) });
    default:
      throw new GgufError(
        "the model is of an architecture that cannot be opened",
        `general.architecture ${JSON.stringify(architecture)} in ${gguf.source}`,
        "gpt2, llama and qwen3 models can be opened",
      );
  }
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
function llamaConfig(fields: Fields): JsonObject {
  const width = fields.number("embedding_length");
  const heads = fields.number("attention.head_count");
  const headWidth = fields.number("attention.key_length", width / heads);
  fields.mustBe("attention.value_length", headWidth, width / heads);
  fields.mustBe("rope.dimension_count", headWidth);
  return {
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
    tie_word_embeddings: !fields.gguf.tensors.has("output.weight"),
  };
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
