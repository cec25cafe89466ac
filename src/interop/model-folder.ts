/** A model as a Hugging Face folder: config.json, model.safetensors, tokenizer.json, generation_config.json. */
import type { Folder } from "../data/folder.js";
import { loadTokenizer, saveTokenizer } from "../features/load-tokenizer.js";
import type { Tokenizer } from "../features/tokenizer.js";
import type { Decoder } from "../models/decoder.js";
import { CheckpointError } from "./errors.js";
import { jsonText, listed, readJson } from "./folder-files.js";
import { type GenerationDefaults, readGenerationConfig, writeGenerationConfig } from "./generation-config.js";
import { decoderFromConfig } from "./model-config.js";
import { readParameters } from "./model-weights.js";
import { type NamedArray, writeSafetensors } from "./safetensors.js";
import { openWeights, weightsFile } from "./sharded.js";

const configFile = "config.json";

/** A model that has been read or is to be saved. */
export interface SavedModel {
  readonly model: Decoder;
  /** Every parameter of the decoder by its name. */
  readonly weights: ReadonlyMap<string, NamedArray>;
  readonly tokenizer?: Tokenizer;
  readonly generation?: GenerationDefaults;
}

/**
 * Writes the folder; it opens in Hugging Face Transformers. The same model gives the same bytes.
 * Throws `CheckpointError` when a parameter is missing or of another shape.
 */
export async function saveModel(folder: Folder, { model, weights, ...rest }: SavedModel): Promise<void> {
  const { tokenizer, generation = {} } = rest;
  checkVocabulary(model, tokenizer, folder.location);
  const parameters = new Map(model.parameters.map(({ name, shape }) => [name, take(weights, name, shape)]));
  const tokenIds = { bos_token_id: startOfText(tokenizer), eos_token_id: tokenizer?.endOfText ?? null };
  await folder.write(configFile, jsonText({ ...model.huggingFaceConfig(), ...tokenIds }));
  await writeSafetensors(folder, weightsFile, parameters);
  if (tokenizer) await saveTokenizer(tokenizer, folder);
  await writeGenerationConfig(folder, generation, tokenIds);
}

/** Reads a model folder. Throws `CheckpointError` for what is damaged, missing, or not exactly expressible. */
export async function loadModel(folder: Folder): Promise<SavedModel & { weights: Map<string, NamedArray> }> {
  const source = `${folder.location}/${configFile}`;
  const model = decoderFromConfig(await readJson(folder, configFile), source);
  const tokenizer = (await hasTokenizer(folder)) ? await loadTokenizer(folder) : undefined;
  checkVocabulary(model, tokenizer, folder.location);
  const weights = await readParameters(await openWeights(folder), model, folder.location);
  return { model, weights, tokenizer, generation: await readGenerationConfig(folder) };
}

/**
 * Reads a model folder, or the latest (or best) checkpoint of a run folder, which names it in the file
 * `checkpoints/latest` (or `checkpoints/best`).
 */
export async function openModel(folder: Folder, which: "latest" | "best" = "latest") {
  if ((await folder.size(configFile)) !== undefined) return loadModel(folder);
  const pointer = `checkpoints/${which}`;
  if ((await folder.size(pointer)) === undefined) {
    throw new CheckpointError(
      "The folder is neither a model nor a run with a checkpoint.",
      `${folder.location} has ${await listed(folder)}; neither ${configFile} nor ${pointer}`,
      "Give a folder that training wrote, or a downloaded model's folder.",
    );
  }
  const name = new TextDecoder().decode(await folder.read(pointer)).trim();
  const isPresent =
    /^[\w.-]+$/.test(name) && (await folder.size(`checkpoints/${name}/${configFile}`)) !== undefined;
  if (isPresent) return loadModel(folder.folder(`checkpoints/${name}`));
  throw new CheckpointError(
    "The checkpoint that the run names is not there.",
    `${folder.location}/${pointer} says ${JSON.stringify(name.slice(0, 80))}; there are ${await others(folder)}`,
    `Write the name of one that is there into ${pointer}.`,
  );
}

/** The token that the tokenizer's own config names, or the end of text, which then starts texts as in GPT-2. */
function startOfText(tokenizer: Tokenizer | undefined): number | null {
  const named = tokenizer?.config?.bos_token;
  const id = typeof named === "string" ? tokenizer?.tokenToId(named) : undefined;
  return id ?? tokenizer?.endOfText ?? null;
}

async function others(folder: Folder): Promise<string> {
  const names = (await folder.list("checkpoints")).filter((name) => name.startsWith("step-"));
  return names.join(", ") || "none";
}

async function hasTokenizer(folder: Folder): Promise<boolean> {
  const sizes = await Promise.all(["tokenizer.json", "vocab.json"].map((file) => folder.size(file)));
  return sizes.some((size) => size !== undefined);
}

function take(weights: ReadonlyMap<string, NamedArray>, name: string, shape: readonly number[]): NamedArray {
  const found = weights.get(name);
  if (found && String(found.shape) === String(shape)) return found;
  throw new CheckpointError(
    "A model cannot be saved without all its parameters.",
    `${name} is ${found ? `[${found.shape}]` : "missing"}, the model's is [${shape}]`,
    "Give the weights of this very model.",
  );
}

function checkVocabulary(model: Decoder, tokenizer: Tokenizer | undefined, location: string): void {
  if (!tokenizer || tokenizer.vocabSize <= model.vocabSize) return;
  throw new CheckpointError(
    "The tokenizer has more tokens than the model.",
    `${tokenizer.vocabSize} against ${model.vocabSize}, in ${location}`,
    "Use the tokenizer that the model was trained with.",
  );
}
