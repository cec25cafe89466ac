/**
 * `config.json` to a decoder. A field that would change the function into one that our decoders do not
 * compute is an error; so is a field that nobody here knows.
 */
import type { Decoder } from "../models/decoder.js";
import { gpt2 } from "../models/gpt2.js";
import { llama } from "../models/llama.js";
import { CheckpointError } from "./errors.js";
import type { JsonObject } from "./folder-files.js";

/** Fields without influence on the function that is computed when generating or evaluating. */
const harmless = new Set(
  `architectures model_type torch_dtype dtype transformers_version _name_or_path use_cache initializer_range
  bos_token_id eos_token_id pad_token_id sep_token_id unk_token_id decoder_start_token_id
  task_specific_params id2label label2id problem_type finetuning_task tokenizer_class prefix _num_labels
  summary_type summary_use_proj summary_activation summary_proj_to_labels summary_first_dropout
  resid_pdrop embd_pdrop attn_pdrop attention_dropout hidden_dropout gradient_checkpointing
  reorder_and_upcast_attn n_ctx pretraining_tp max_window_layers is_llama_config _attn_implementation
  _attn_implementation_autoset auto_map transformers.js_config return_dict output_attentions
  output_hidden_states max_length min_length do_sample temperature top_k top_p repetition_penalty music`.split(
    /\s+/,
  ),
);

/** Deeper than any model, and few enough to be listed before the weights are looked at. */
const mostLayers = 10_000;
/** Positions times the width of a head: what the table of rotary angles may hold, a million positions of 128. */
const mostAngles = 2 ** 27;

/** Builds the decoder that a config describes. Throws `CheckpointError` naming the field. */
export function decoderFromConfig(config: JsonObject, source: string): Decoder {
  const fields = new Fields(config, source);
  switch (config.model_type) {
    case "gpt2":
      return gpt2Decoder(fields);
    case "llama":
      return llamaDecoder(fields, false);
    case "qwen3":
      return llamaDecoder(fields, true);
    default:
      throw new CheckpointError(
        "the model is of a kind that cannot be opened",
        `model_type ${JSON.stringify(config.model_type)} in ${source}`,
        "gpt2, llama and qwen3 models can be opened",
      );
  }
}

function gpt2Decoder(fields: Fields): Decoder {
  const width = fields.size("n_embd");
  fields.mustBe("activation_function", ["gelu_new", "gelu_pytorch_tanh"], "gelu_new");
  fields.mustBe("n_inner", [null, 4 * width], null);
  fields.mustBe("scale_attn_weights", [true], true);
  fields.mustBe("scale_attn_by_inverse_layer_idx", [false], false);
  fields.mustBe("add_cross_attention", [false], false);
  fields.mustBe("tie_word_embeddings", [true], true);
  const decoder = gpt2({
    vocabSize: fields.size("vocab_size"),
    contextLength: fields.size("n_positions"),
    numLayers: fields.size("n_layer", undefined, mostLayers),
    numHeads: fields.size("n_head"),
    width,
    layerNormEpsilon: fields.positive("layer_norm_epsilon", 1e-5),
  });
  fields.finish();
  return decoder;
}

/** Missing fields mean what they mean in Transformers, where Qwen3 has other defaults than Llama. */
function llamaDecoder(fields: Fields, qkNorm: boolean): Decoder {
  const width = fields.size("hidden_size");
  const numHeads = fields.size("num_attention_heads");
  fields.mustBe("hidden_act", ["silu", "swish"], "silu");
  for (const off of ["attention_bias", "mlp_bias", "use_sliding_window", "rope_interleaved"]) {
    fields.mustBe(off, [false], false);
  }
  fields.mustBe("rope_scaling", [null], null);
  checkWindows(fields);
  const headWidth = fields.size("head_dim", qkNorm ? 128 : width / numHeads);
  const decoder = llama({
    vocabSize: fields.size("vocab_size"),
    contextLength: fields.size("max_position_embeddings", undefined, Math.floor(mostAngles / headWidth)),
    numLayers: fields.size("num_hidden_layers", undefined, mostLayers),
    numHeads,
    kvHeads: fields.size("num_key_value_heads", qkNorm ? 32 : numHeads),
    width,
    headWidth,
    hiddenWidth: fields.size("intermediate_size"),
    qkNorm,
    tiedHead: fields.mustBe("tie_word_embeddings", [true, false], false),
    ropeTheta: ropeTheta(fields),
    rmsNormEpsilon: fields.positive("rms_norm_eps", 1e-6),
  });
  fields.finish();
  return decoder;
}

function checkWindows(fields: Fields): void {
  const kinds = fields.take("layer_types");
  const other = Array.isArray(kinds) ? kinds.find((kind) => kind !== "full_attention") : kinds;
  if (other !== undefined && other !== null) throw fields.inexpressible("layer_types", other);
  // Qwen3 keeps a window's size in its config also where `use_sliding_window` is false.
  const usesFlag = fields.has("use_sliding_window");
  const window = fields.take("sliding_window");
  if (window !== undefined && window !== null && !usesFlag)
    throw fields.inexpressible("sliding_window", window);
}

/** `rope_theta`, which newer files keep inside `rope_parameters`. */
function ropeTheta(fields: Fields): number {
  const found = fields.take("rope_parameters") ?? {};
  if (typeof found !== "object") throw fields.inexpressible("rope_parameters", found);
  const parameters = found as JsonObject;
  const { rope_type: type = "default", rope_theta: theta, ...rest } = parameters;
  const isPlain = type === "default" && Object.values(rest).every((value) => value === null);
  if (!isPlain) throw fields.inexpressible("rope_parameters", parameters);
  const outside = fields.positive("rope_theta", typeof theta === "number" ? theta : 10_000);
  if (theta !== undefined && theta !== outside) throw fields.inexpressible("rope_parameters", parameters);
  return outside;
}

/** Reads a config field by field and knows which ones nobody has asked for. */
class Fields {
  private readonly left: Set<string>;

  constructor(
    private readonly config: JsonObject,
    private readonly source: string,
  ) {
    this.left = new Set(Object.keys(config).filter((key) => !harmless.has(key)));
  }

  has(key: string): boolean {
    return Object.hasOwn(this.config, key);
  }

  take(key: string): unknown {
    this.left.delete(key);
    return this.has(key) ? this.config[key] : undefined;
  }

  /** A whole number from 1 to `most`. */
  size(key: string, missing?: number, most = Number.MAX_SAFE_INTEGER): number {
    const value = this.take(key) ?? missing;
    if (Number.isSafeInteger(value) && (value as number) > 0 && (value as number) <= most)
      return value as number;
    throw this.wrong(key, value, `a whole number from 1 to ${most}`);
  }

  positive(key: string, missing: number): number {
    const value = this.take(key) ?? missing;
    if (typeof value === "number" && value > 0 && Number.isFinite(value)) return value;
    throw this.wrong(key, value, "a number above zero");
  }

  /** The value, which is one of those that the decoder can express. */
  mustBe<T>(key: string, allowed: readonly T[], missing: T): T {
    const value = this.take(key);
    if (value === undefined) return missing;
    if (allowed.includes(value as T)) return value as T;
    throw this.inexpressible(key, value);
  }

  /** Throws for a field that has a value and that nobody has read. */
  finish(): void {
    for (const key of this.left) {
      const value = this.config[key];
      if (value !== null && value !== false) throw this.inexpressible(key, value);
    }
  }

  inexpressible(key: string, value: unknown): CheckpointError {
    return new CheckpointError(
      "a model's config asks for what this decoder cannot do exactly",
      `${key}: ${JSON.stringify(value)} in ${this.source}`,
      "choose a model without it; remove the line only if you know that it changes nothing",
    );
  }

  private wrong(key: string, value: unknown, wanted: string): CheckpointError {
    return new CheckpointError(
      `a model's config lacks a usable ${key}`,
      `${key}: ${JSON.stringify(value) ?? "missing"} in ${this.source}; it has to be ${wanted}`,
      "fetch config.json again, or correct it",
    );
  }
}
