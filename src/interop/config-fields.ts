/** The fields of a model's `config.json`. A field that nobody here knows is an error, as is a value that cannot be used. */
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
  output_hidden_states cache_implementation max_length min_length do_sample temperature top_k top_p repetition_penalty music`.split(
    /\s+/,
  ),
);

/** Reads a config field by field and knows which ones nobody has asked for. */
export class ConfigFields {
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

  /** A list of so many values or more, each of which passes; undefined for a field that is missing or null. */
  list<T>(key: string, length: number, passes: (value: unknown) => value is T): T[] | undefined {
    const value = this.take(key) ?? undefined;
    if (value === undefined) return undefined;
    if (Array.isArray(value) && value.length >= length && value.every(passes)) return value.slice(0, length);
    throw this.wrong(key, value, `a list of ${length} values that can be used`);
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
