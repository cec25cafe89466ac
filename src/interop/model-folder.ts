/** A model as a Hugging Face folder: config.json, model.safetensors, tokenizer.json, generation_config.json. */

import { loadTokenizer, saveTokenizer } from "../features/tokenizer/load-tokenizer.js";
import { textStart } from "../features/tokenizer/post-processor.js";
import type { Tokenizer } from "../features/tokenizer/tokenizer.js";
import type { Folder } from "../files/folder.js";
import type { Decoder } from "../models/decoder.js";
import { adapterConfigFile, loadAdapter, mergeAdapter } from "./adapter.js";
import { CheckpointError } from "./errors.js";
import { jsonText, listed, readJson } from "./folder-files.js";
import { type GenerationDefaults, readGenerationConfig, writeGenerationConfig } from "./generation-config.js";
import { decoderFromConfig } from "./model-config.js";
import { type KeepWeight, readParameters } from "./model-weights.js";
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
  /** How the music is spelled that it writes, `music` in config.json; see features/music/alphabet. */
  readonly music?: string;
}

/**
 * Writes the folder; it opens in Hugging Face Transformers. The same model gives the same bytes.
 * Throws `CheckpointError` when a parameter is missing or of another shape.
 */
export async function saveModel(folder: Folder, { model, weights, ...rest }: SavedModel): Promise<void> {
  const { tokenizer, generation = {}, music } = rest;
  checkVocabulary(model, tokenizer, folder.location);
  const parameters = new Map(model.parameters.map(({ name, shape }) => [name, take(weights, name, shape)]));
  const endTokens = new Set([tokenizer?.endOfText ?? [], generation.endTokens ?? []].flat());
  const eos = endTokens.size > 1 ? [...endTokens] : ([...endTokens][0] ?? null);
  const tokenIds = { bos_token_id: (tokenizer && textStart(tokenizer)) ?? null, eos_token_id: eos };
  await folder.write(configFile, jsonText({ ...model.huggingFaceConfig(), ...tokenIds, music }));
  await writeSafetensors(folder, weightsFile, parameters);
  if (tokenizer) await saveTokenizer(tokenizer, folder);
  await writeGenerationConfig(folder, generation, tokenIds);
}

/** A model as it was read. */
export type LoadedModel = SavedModel & { weights: Map<string, NamedArray> };

/**
 * Reads a model folder, each weight kept as `keep` gives it. Throws `CheckpointError` for what is damaged, missing, or not
 * exactly expressible.
 */
export async function loadModel(folder: Folder, keep?: KeepWeight): Promise<LoadedModel> {
  const source = `${folder.location}/${configFile}`;
  const config = await readJson(folder, configFile);
  const model = decoderFromConfig(config, source);
  const tokenizer = (await hasTokenizer(folder)) ? await loadTokenizer(folder) : undefined;
  checkVocabulary(model, tokenizer, folder.location);
  const weights = await readParameters(await openWeights(folder), model, folder.location, keep);
  const generation = await readGeneration(folder, tokenizer);
  const music = typeof config.music === "string" ? { music: config.music } : {};
  return { model, weights, tokenizer, generation, ...music };
}

/** The end tokens without the one that the tokenizer names itself. */
async function readGeneration(
  folder: Folder,
  tokenizer: Tokenizer | undefined,
): Promise<GenerationDefaults | undefined> {
  const { endTokens = [], ...defaults } = (await readGenerationConfig(folder)) ?? {};
  const others = endTokens.filter((id) => id !== tokenizer?.endOfText);
  if (others.length > 0) return { ...defaults, endTokens: others };
  return Object.keys(defaults).length > 0 ? defaults : undefined;
}

/** Of a run: where it stands, where it was best, or at one step, such as "step-000500". */
export type Checkpoint = "latest" | "best" | `step-${string}`;

/** Finds the base model of an adapter: a folder's path, or a name on the Hugging Face Hub. */
export type OpenBase = (name: string) => Promise<Folder>;

/**
 * Reads a model folder, or a run folder's checkpoint. Where that is an adapter, its base
 * is opened by `openBase` and the adapter merged into it. Each weight is kept as `keep` gives it.
 */
export async function openModel(
  folder: Folder,
  which: Checkpoint = "latest",
  openBase: OpenBase = noBase,
  keep?: KeepWeight,
): Promise<LoadedModel> {
  const place = await locateModel(folder, which);
  if (!(await isAdapter(place))) return loadModel(place, keep);
  const merged = await openAbove([], place, openBase);
  if (keep) {
    for (const parameter of merged.model.parameters) {
      const { name } = parameter;
      merged.weights.set(name, keep(parameter, merged.weights.get(name)!));
    }
  }
  return merged;
}

/** `above`: where the adapters lie that stand on this one. */
async function openAbove(above: readonly string[], place: Folder, openBase: OpenBase): Promise<LoadedModel> {
  if (!(await isAdapter(place))) return loadModel(place);
  const { location } = place;
  if (above.includes(location)) {
    throw new CheckpointError(
      "an adapter is its own base",
      [...above, location].join(" stands on "),
      "correct base_model_name_or_path in adapter_config.json",
    );
  }
  const adapter = await loadAdapter(place);
  const base = await openAbove(
    [...above, location],
    await locateModel(await openBase(adapter.base)),
    openBase,
  );
  const tokenizer = (await hasTokenizer(place)) ? await loadTokenizer(place) : base.tokenizer;
  return { ...base, tokenizer, weights: mergeAdapter(base.model, base.weights, adapter) };
}

async function isAdapter(folder: Folder): Promise<boolean> {
  const [adapter, model] = await Promise.all(
    [adapterConfigFile, configFile].map((file) => folder.size(file)),
  );
  return adapter !== undefined && model === undefined;
}

async function noBase(name: string): Promise<Folder> {
  throw new CheckpointError(
    "the folder holds an adapter without its base model",
    `its base is ${name}`,
    "give `openModel` a function that opens the base",
  );
}

/**
 * The folder that holds the model or adapter itself: `folder`, or the checkpoint that a run names in its file
 * `checkpoints/latest` (or `checkpoints/best`), or that of a step. Throws `CheckpointError` when there is none.
 */
export async function locateModel(folder: Folder, which: Checkpoint = "latest"): Promise<Folder> {
  if (await holdsModel(folder)) return folder;
  if (which !== "latest" && which !== "best") return locateStep(folder, which);
  const pointer = `checkpoints/${which}`;
  if ((await folder.size(pointer)) === undefined) {
    throw new CheckpointError(
      "the folder is neither a model nor a run with a checkpoint",
      `${folder.location} has ${await listed(folder)}; neither ${configFile} nor ${pointer}`,
      "give a folder that training wrote, or a downloaded model's folder",
    );
  }
  const name = new TextDecoder().decode(await folder.read(pointer)).trim();
  const place = folder.folder(`checkpoints/${/^[\w.-]+$/.test(name) ? name : ""}`);
  if (await holdsModel(place)) return place;
  throw new CheckpointError(
    "the checkpoint that the run names is not there",
    `${folder.location}/${pointer} says ${JSON.stringify(name.slice(0, 80))}; there are ${await others(folder)}`,
    `write the name of one that is there into ${pointer}`,
  );
}

async function locateStep(folder: Folder, name: string): Promise<Folder> {
  const place = folder.folder(`checkpoints/${name}`);
  if (await holdsModel(place)) return place;
  throw new CheckpointError(
    "the run has no checkpoint of this step",
    `${place.location} holds no model; there are ${await others(folder)}`,
    "name one that is there, or train with a larger training.keepCheckpoints",
  );
}

async function holdsModel(folder: Folder): Promise<boolean> {
  const sizes = await Promise.all([configFile, adapterConfigFile].map((file) => folder.size(file)));
  return sizes.some((size) => size !== undefined);
}

async function others(folder: Folder): Promise<string> {
  const names = (await folder.list("checkpoints")).filter((name) => name.startsWith("step-"));
  return names.join(", ") || "none";
}

async function hasTokenizer(folder: Folder): Promise<boolean> {
  const sizes = await Promise.all(["tokenizer.json", "vocab.json"].map((file) => folder.size(file)));
  return sizes.some((size) => size !== undefined);
}

export function take(
  weights: ReadonlyMap<string, NamedArray>,
  name: string,
  shape: readonly number[],
): NamedArray {
  const found = weights.get(name);
  if (found && String(found.shape) === String(shape)) return found;
  throw new CheckpointError(
    "a model cannot be saved without all its parameters",
    `${name} is ${found ? `[${found.shape}]` : "missing"}, the model's is [${shape}]`,
    "give the weights of this very model",
  );
}

/** Throws `CheckpointError` where the tokenizer knows tokens that the model has no row for. */
export function checkVocabulary(
  model: Pick<Decoder, "vocabSize">,
  tokenizer: Tokenizer | undefined,
  location: string,
): void {
  if (!tokenizer || tokenizer.vocabSize <= model.vocabSize) return;
  throw new CheckpointError(
    "the tokenizer has more tokens than the model",
    `${tokenizer.vocabSize} against ${model.vocabSize}, in ${location}`,
    "use the tokenizer that the model was trained with",
  );
}
