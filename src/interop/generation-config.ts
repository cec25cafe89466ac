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

/** Reads what the file suggests; undefined when there is none. Throws `CheckpointError` for a wrong type. */
export async function readGenerationConfig(folder: Folder): Promise<GenerationDefaults | undefined> {
  if ((await folder.size(file)) === undefined) return undefined;
  const json = await readJson(folder, file);
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
