/** `generation_config.json`: how a model's author suggests to sample from it. */
import type { Folder } from "../files/folder.js";
import { CheckpointError } from "./errors.js";
import { type JsonObject, jsonText, readJson } from "./folder-files.js";

const file = "generation_config.json";

/** The suggestions that we follow, in our names. */
export interface GenerationDefaults {
  readonly maxTokens?: number;
  /** 0: always the likeliest token. */
  readonly temperature?: number;
  readonly topK?: number;
  readonly topP?: number;
  readonly minP?: number;
  readonly repetitionPenalty?: number;
  /** Ids that end a text, beside the tokenizer's end of text. */
  readonly endTokens?: readonly number[];
}

const names: Record<Exclude<keyof GenerationDefaults, "endTokens">, string> = {
  maxTokens: "max_new_tokens",
  temperature: "temperature",
  topK: "top_k",
  topP: "top_p",
  minP: "min_p",
  repetitionPenalty: "repetition_penalty",
};

/**
 * Writes the defaults as Hugging Face Transformers reads them: a temperature of 0 is `do_sample: false`,
 * and without a limit `top_k` is 0, because a missing one means 50 there.
 */
export async function writeGenerationConfig(
  folder: Folder,
  defaults: GenerationDefaults,
  tokenIds: JsonObject,
): Promise<void> {
  const { temperature } = defaults;
  const json: Record<string, unknown> = { ...tokenIds };
  for (const [ours, theirs] of Object.entries(names)) {
    const value = defaults[ours as keyof typeof names];
    if (value !== undefined) json[theirs] = value;
  }
  if (temperature === 0) delete json.temperature;
  if (temperature !== undefined) {
    json.do_sample = temperature > 0;
    if (temperature > 0) json.top_k ??= 0;
  }
  await folder.write(file, jsonText(json));
}

/** What changes no text, or is ours to decide: how a batch is run, what else is returned, and what beams alone have. */
const harmless = new Set(
  `_from_model_config transformers_version trust_remote_code do_sample max_length use_cache cache_implementation cache_config
  return_legacy_cache return_dict_in_generate output_scores output_logits output_attentions output_hidden_states
  num_return_sequences bos_token_id eos_token_id pad_token_id decoder_start_token_id early_stopping length_penalty
  diversity_penalty num_beam_groups remove_invalid_values renormalize_logits disable_compile compile_config prefill_chunk_size
  max_cache_len continuous_batching_config use_mtp speculation_type assistant_ensemble_weight low_memory assistant_early_exit assistant_confidence_threshold num_assistant_tokens num_assistant_tokens_schedule
  prompt_lookup_num_tokens max_matching_ngram_size is_assistant assistant_lookbehind target_lookbehind`.split(
    /\s+/,
  ),
);

/** With these values the others change nothing; any other name does so with null, false, 0 or nothing in it. */
const neutralValues: Readonly<Record<string, number>> = {
  num_beams: 1,
  typical_p: 1,
  encoder_repetition_penalty: 1,
  guidance_scale: 1,
};

function isFollowed(name: string, value: unknown): boolean {
  if (harmless.has(name) || Object.values(names).includes(name)) return true;
  return !value || value === neutralValues[name] || (Array.isArray(value) && value.length === 0);
}

/**
 * Reads what the file suggests; undefined when there is none. Throws `CheckpointError` for a wrong type, and for what
 * would make other texts than ours.
 */
export async function readGenerationConfig(folder: Folder): Promise<GenerationDefaults | undefined> {
  if ((await folder.size(file)) === undefined) return undefined;
  const json = await readJson(folder, file);
  const other = Object.entries(json).find(([name, value]) => !isFollowed(name, value));
  if (other !== undefined) {
    throw new CheckpointError(
      "a generation setting is not known here, and the model's texts would be others than it asks for",
      `${other[0]}: ${JSON.stringify(other[1]).slice(0, 100)} in ${folder.location}/${file}`,
      "remove the line, if the texts may be others",
    );
  }
  const defaults: Record<string, number> = {};
  for (const [ours, theirs] of Object.entries(names)) {
    const value = json[theirs] ?? undefined;
    if (value === undefined) continue;
    if (typeof value !== "number" || !(value >= 0 && value < Number.POSITIVE_INFINITY)) {
      throw new CheckpointError(
        "a generation setting is not a number of zero or more",
        `${theirs}: ${JSON.stringify(value)} in ${folder.location}/${file}`,
        "correct the file, or remove the line",
      );
    }
    defaults[ours] = value;
  }
  if (json.do_sample === false) defaults.temperature = 0;
  if (defaults.topK === 0) delete defaults.topK;
  const endTokens = [json.eos_token_id ?? []].flat();
  if (!endTokens.every((id) => Number.isSafeInteger(id))) {
    throw new CheckpointError(
      "the tokens that end a text are not ids",
      `eos_token_id: ${JSON.stringify(json.eos_token_id)} in ${folder.location}/${file}`,
      "correct the file, or remove the line",
    );
  }
  return endTokens.length === 0 ? defaults : { ...defaults, endTokens: endTokens as number[] };
}
