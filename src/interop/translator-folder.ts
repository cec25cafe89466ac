/** A model that translates as a Hugging Face folder: config.json, model.safetensors, generation_config.json, a tokenizer. */
import { z } from "zod";
import { loadTokenizer, saveTokenizer } from "../features/tokenizer/load-tokenizer.js";
import { surrounding } from "../features/tokenizer/post-processor.js";
import type { Tokenizer } from "../features/tokenizer/tokenizer.js";
import { taskParameters } from "../features/tokenizer/translation-tokens.js";
import type { Folder } from "../files/folder.js";
import type { EncoderDecoder } from "../models/encoder-decoder.js";
import { fieldsOf, type JsonObject, jsonText, readJson } from "./folder-files.js";
import { type Checkpoint, checkVocabulary, locateModel, take } from "./model-folder.js";
import { readParameters } from "./model-weights.js";
import { type NamedArray, writeSafetensors } from "./safetensors.js";
import { openWeights, weightsFile } from "./sharded.js";
import { translatorFromConfig } from "./translator-config.js";

const configFile = "config.json";
const generationFile = "generation_config.json";
const tokenizerFile = "tokenizer.json";
const tokenizerConfigFile = "tokenizer_config.json";

/** Ids of the tokens that frame sequences. */
export interface FrameTokens {
  /** Stands before the first token that is written. */
  readonly start: number;
  /** Ends what is written. */
  readonly end: number;
  /** Fills up rows. */
  readonly pad: number;
}

/** How a model translates where nobody says otherwise. */
export interface TranslationDefaults {
  readonly beams?: number;
  /** The power of its length that a translation's score is divided by. */
  readonly lengthPenalty?: number;
  readonly maxTokens?: number;
}

/** A model that translates as its folder holds it. */
export interface SavedTranslator {
  readonly model: EncoderDecoder;
  readonly weights: ReadonlyMap<string, NamedArray>;
  readonly tokenizer: Tokenizer;
  readonly tokens: FrameTokens;
  readonly generation: TranslationDefaults;
}

const id = z.int().nonnegative();
const count = z.int().positive().nullish();

const generationConfig = z.object({
  decoder_start_token_id: id,
  eos_token_id: id.default(1),
  pad_token_id: id.default(0),
  num_beams: count,
  length_penalty: z.number().nullish(),
  max_new_tokens: count,
});

/**
 * Writes the folder; it opens in Hugging Face Transformers. The same model gives the same bytes. Throws
 * `CheckpointError` for a missing parameter and for a tokenizer with more tokens than the model.
 */
export async function saveTranslator(
  folder: Folder,
  { model, weights, tokenizer, tokens, generation }: SavedTranslator,
): Promise<void> {
  checkVocabulary(model, tokenizer, folder.location);
  const parameters = model.parameters.map(({ name, shape }) => [name, take(weights, name, shape)] as const);
  const ids = { decoder_start_token_id: tokens.start, eos_token_id: tokens.end, pad_token_id: tokens.pad };
  const suggested: z.input<typeof generationConfig> = {
    ...ids,
    num_beams: generation.beams,
    length_penalty: generation.lengthPenalty,
    max_new_tokens: generation.maxTokens,
  };
  const tasks = tokenizer.config?.[taskParameters];
  await folder.write(
    configFile,
    jsonText({ ...model.config(), ...ids, ...(tasks === undefined ? {} : { [taskParameters]: tasks }) }),
  );
  await folder.write(generationFile, jsonText(suggested));
  await saveTokenizer(tokenizer, folder);
  await describeTokenizer(folder, tokenizer, tokens);
  await writeSafetensors(folder, weightsFile, new Map(parameters));
}

/** Other libraries' tokenizers then fill up rows and end texts; ours appends nothing, whatever the file says. */
async function describeTokenizer(
  folder: Folder,
  tokenizer: Tokenizer,
  { pad, end }: FrameTokens,
): Promise<void> {
  const [padToken, endToken] = [pad, end].map((token) => tokenizer.idToToken(token));
  const config = {
    ...(await readJson(folder, tokenizerConfigFile)),
    pad_token: padToken,
    eos_token: endToken,
  };
  await folder.write(tokenizerConfigFile, jsonText(config));
  const json: JsonObject = { ...tokenizer.toJSON() };
  if (json.post_processor || endToken === undefined) return;
  await folder.write(
    tokenizerFile,
    JSON.stringify({ ...json, post_processor: surrounding({ after: [endToken, end] }) }),
  );
}

/**
 * Reads a model folder, or a run's checkpoint. What T5 is told to do in words is in its tokenizer's config. Throws
 * `CheckpointError` for what is damaged, missing, or not exactly expressible, `TokenizerError` where the tokenizer is.
 */
export async function openTranslator(folder: Folder, which: Checkpoint = "latest"): Promise<SavedTranslator> {
  const place = await locateModel(folder, which);
  const source = `${place.location}/${configFile}`;
  const config = await readJson(place, configFile);
  const model = translatorFromConfig(config, source);
  const tasks = config[taskParameters];
  const tokenizer = await loadTokenizer(place, tasks ? { [taskParameters]: tasks } : {});
  checkVocabulary(model, tokenizer, place.location);
  return {
    model,
    tokenizer,
    ...(await generationOf(config, place)),
    weights: await readParameters(await openWeights(place), model, place.location),
  };
}

/** Where there is no generation_config.json, as in older folders, config.json says it. */
async function generationOf(
  config: JsonObject,
  place: Folder,
): Promise<Pick<SavedTranslator, "tokens" | "generation">> {
  const hasOwn = (await place.size(generationFile)) !== undefined;
  const json = hasOwn ? { ...config, ...(await readJson(place, generationFile)) } : config;
  const source = `${place.location}/${hasOwn ? generationFile : configFile}`;
  const fields = fieldsOf(generationConfig, json, source);
  return {
    tokens: { start: fields.decoder_start_token_id, end: fields.eos_token_id, pad: fields.pad_token_id },
    generation: {
      beams: fields.num_beams ?? undefined,
      lengthPenalty: fields.length_penalty ?? undefined,
      maxTokens: fields.max_new_tokens ?? undefined,
    },
  };
}
