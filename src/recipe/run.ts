/** A run folder and what stands behind it: recipe, tokens, model, trainer. */
import { AutodidactError } from "../core/errors.js";
import type { Runtime } from "../core/runtime/session.js";
import { openCorpus } from "../data/corpus.js";
import { DataError } from "../data/errors.js";
import type { Folder } from "../data/folder.js";
import { type PreparedTokens, prepareTokens } from "../data/prepare.js";
import { openShards } from "../data/shards.js";
import { loadTokenizer, saveTokenizer } from "../features/load-tokenizer.js";
import type { Tokenizer } from "../features/tokenizer.js";
import { saveModel } from "../interop/model-folder.js";
import type { Decoder } from "../models/decoder.js";
import { iterate, type LoopOptions, type Summary } from "../training/loop.js";
import { createTrainer, type Trainer } from "../training/trainer.js";
import { weightsOf } from "../training/weights.js";
import { buildModel, buildOptimizer, buildTokenizer } from "./build.js";
import { type Recipe, resolveRecipe } from "./recipe.js";

/** A folder cannot serve as this run's. */
export class RunError extends AutodidactError {}

/** What a run needs from its surroundings. */
export interface Surroundings {
  readonly runtime: Runtime;
  readonly openFolder: (path: string) => Folder;
}

export interface Run {
  readonly recipe: Recipe;
  readonly folder: Folder;
  readonly tokenizer: Tokenizer;
  readonly tokens: PreparedTokens;
  readonly model: Decoder;
  readonly trainer: Trainer;
  /** Trains to the end, or on from the latest checkpoint. */
  train(callbacks?: Pick<LoopOptions, "signal" | "onStep" | "onEvaluation">): Promise<Summary>;
}

/** Starts a run in an empty folder. Throws `RunError` when another run is there. */
export async function startRun(recipe: Recipe, folder: Folder, around: Surroundings): Promise<Run> {
  if ((await folder.size("recipe.json")) !== undefined) {
    throw new RunError(
      "the output folder holds another run",
      folder.location,
      "choose another --out, or continue that run with --resume",
    );
  }
  const data = await prepareData(recipe, folder, around);
  const run = await assemble(recipe, folder, around, data);
  await folder.write("recipe.json", `${JSON.stringify(recipe, null, 2)}\n`);
  return run;
}

/** Opens a run to continue it; `change` may alter its recipe. Throws `RunError` when there is none. */
export async function resumeRun(
  folder: Folder,
  around: Surroundings,
  change: (recipe: Recipe) => Recipe = (recipe) => recipe,
): Promise<Run> {
  const saved = await readRecipe(folder);
  const recipe = change(saved);
  const run = await assemble(recipe, folder, around, await openData(folder));
  if (recipe !== saved) await folder.write("recipe.json", `${JSON.stringify(recipe, null, 2)}\n`);
  return run;
}

/** The resolved recipe that a run folder keeps. */
export async function readRecipe(folder: Folder): Promise<Recipe> {
  if ((await folder.size("recipe.json")) === undefined) {
    throw new RunError(
      "there is no run to continue",
      `${folder.location} has no recipe.json`,
      "give the folder of a run",
    );
  }
  const text = new TextDecoder().decode(await folder.read("recipe.json"));
  try {
    return resolveRecipe(JSON.parse(text), `${folder.location}/recipe.json`);
  } catch (cause) {
    if (cause instanceof AutodidactError) throw cause;
    throw new RunError(
      "a run's recipe cannot be read",
      `${folder.location}/recipe.json: ${(cause as Error).message}`,
      "restore the file, or start a new run",
      { cause },
    );
  }
}

interface Data {
  readonly tokenizer: Tokenizer;
  readonly tokens: PreparedTokens;
}

/** Reads the corpus, trains the tokenizer, writes the tokens into the run's `data/`. */
async function prepareData(recipe: Recipe, folder: Folder, { openFolder }: Surroundings): Promise<Data> {
  const corpus = await openCorpus({ ...recipe.data, seed: recipe.training.seed });
  if (recipe.data.validationFraction === 0) {
    throw new DataError(
      "training needs a validation split",
      "data.validationFraction is 0",
      "set it above 0, for example 0.1",
    );
  }
  const tokenizer = await buildTokenizer(recipe.features, corpus, openFolder);
  const end = tokenizer.endOfText;
  const encode = (text: string, isEnd: boolean) => {
    const ids = tokenizer.encode(text);
    if (!isEnd || end === undefined) return ids;
    const ended = new Int32Array(ids.length + 1);
    ended.set(ids);
    ended[ids.length] = end;
    return ended;
  };
  const data = folder.folder("data");
  const tokens = await prepareTokens({ corpus, encode, vocabSize: tokenizer.vocabSize, folder: data });
  await saveTokenizer(tokenizer, data.folder("tokenizer"));
  return { tokenizer, tokens };
}

async function openData(folder: Folder): Promise<Data> {
  const data = folder.folder("data");
  const [train, validation] = [
    await openShards(data.folder("train")),
    await openShards(data.folder("validation")),
  ];
  return { tokenizer: await loadTokenizer(data.folder("tokenizer")), tokens: { train, validation } };
}

async function assemble(
  recipe: Recipe,
  folder: Folder,
  { runtime }: Surroundings,
  { tokenizer, tokens }: Data,
): Promise<Run> {
  const { training, optimizer } = recipe;
  const model = buildModel(recipe.model, tokenizer);
  checkLength(tokens, model.contextLength);
  const trainer = await createTrainer({
    runtime,
    model,
    optimizer: buildOptimizer(optimizer),
    objective: recipe.objective,
    batchSize: training.batchSize,
    microBatches: training.microBatches,
    seed: training.seed,
    clipNorm: optimizer.clipNorm,
    averageDecay: optimizer.averageDecay,
    recomputeLayers: training.recompute,
    session: { device: training.device, threads: training.threads },
  });
  const { prompt: _, ...generation } = recipe.generation;
  const save = (to: Folder) =>
    saveModel(to, { model, weights: weightsOf(trainer.layout, trainer.weights), tokenizer, generation });
  return {
    recipe,
    folder,
    tokenizer,
    tokens,
    model,
    trainer,
    train: (callbacks = {}) =>
      iterate({
        ...training,
        ...tokens,
        ...callbacks,
        trainer,
        run: folder,
        schedule: optimizer.schedule,
        saveModel: save,
      }),
  };
}

/** Before anything is compiled: each split has a window. */
function checkLength({ train, validation }: PreparedTokens, contextLength: number): void {
  for (const [name, shards] of Object.entries({ train, validation })) {
    if (shards.tokenCount > (name === "train" ? contextLength : 1)) continue;
    throw new DataError(
      `the ${name} split is too short for one window`,
      `${shards.tokenCount} tokens, context ${contextLength}`,
      "give more text, or lower model.contextLength or data.validationFraction",
    );
  }
}
