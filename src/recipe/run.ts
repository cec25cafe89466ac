/** A run folder and what stands behind it: recipe, tokens, model, trainer. */
import { AutodidactError } from "../core/errors.js";
import { input } from "../core/graph/tensor.js";
import { neg } from "../core/ops/elementwise.js";
import { compile, type Device, type Runtime } from "../core/runtime/session.js";
import type { Folder } from "../data/folder.js";
import type { PreparedTokens } from "../data/prepare.js";
import type { Tokenizer } from "../features/tokenizer.js";
import { saveModel } from "../interop/model-folder.js";
import type { Decoder } from "../models/decoder.js";
import { scheduleFactor } from "../optim/schedule.js";
import { checkCheckpoint } from "../training/checkpoint.js";
import { iterate, type LoopOptions, type Summary } from "../training/loop.js";
import { createTrainer, type Trainer } from "../training/trainer.js";
import { weightsOf } from "../training/weights.js";
import { buildModel, buildOptimizer } from "./build.js";
import { RecipeError, RunError } from "./errors.js";
import { checkText, openData, type RunData, writeData } from "./prepare.js";
import { type Recipe, resolveRecipe } from "./recipe.js";

export { RunError } from "./errors.js";

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

/**
 * Starts a run in an empty folder. Whatever can be wrong is found before the first file is written; from
 * then on `resumeRun` takes the run up wherever it was stopped. Throws `RunError` for a folder in use.
 */
export async function startRun(recipe: Recipe, folder: Folder, around: Surroundings): Promise<Run> {
  await requireEmpty(folder);
  await checkRecipe(recipe, around.runtime);
  const text = await checkText(recipe, around.openFolder);
  const { model, trainer } = await compileRun(recipe, text.tokenizer, around.runtime);
  await writeRecipe(recipe, folder);
  return assemble(recipe, folder, await writeData(text, folder), model, trainer);
}

/**
 * Opens a run to continue it; `change` may alter its recipe, apart from data, features and model. Throws
 * `RunError` when there is none, `ResumeError` when its checkpoint does not fit.
 */
export async function resumeRun(
  folder: Folder,
  around: Surroundings,
  change: (recipe: Recipe) => Recipe = (recipe) => recipe,
): Promise<Run> {
  const saved = await readRecipe(folder);
  const recipe = change(saved);
  requireKept(saved, recipe, folder);
  await checkRecipe(recipe, around.runtime);
  const data = await openData(recipe, folder, around.openFolder);
  const { model, trainer } = await compileRun(recipe, data.tokenizer, around.runtime);
  await checkCheckpoint(folder, trainer.layout, trainer.arrays);
  if (recipe !== saved) await writeRecipe(recipe, folder);
  return assemble(recipe, folder, data, model, trainer);
}

/** The resolved recipe that a run folder keeps. */
export async function readRecipe(folder: Folder): Promise<Recipe> {
  if ((await folder.size("recipe.json")) === undefined) {
    const isEmpty = (await folder.list("")).length === 0;
    throw new RunError(
      "there is no run to continue",
      isEmpty ? `${folder.location} is empty or not there` : `${folder.location} has no recipe.json`,
      isEmpty
        ? "if it was stopped before it had written anything, start it again: train <recipe> --out <folder>"
        : "give the folder of a run",
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

async function writeRecipe(recipe: Recipe, folder: Folder): Promise<void> {
  await folder.write("recipe.json", `${JSON.stringify(recipe, null, 2)}\n`);
}

async function requireEmpty(folder: Folder): Promise<void> {
  const names = await folder.list("");
  if (names.includes("recipe.json")) {
    throw new RunError(
      "the output folder holds another run",
      folder.location,
      "choose another --out, or continue that run with --resume",
    );
  }
  if (names.length === 0) return;
  throw new RunError(
    "the output folder is not empty",
    `${folder.location} has ${names.slice(0, 5).join(", ")}${names.length > 5 ? ", ..." : ""}`,
    "choose another --out: a run wants a new or an empty folder",
  );
}

/** What a checkpoint was learned with stays; everything else may change on the way. */
function requireKept(saved: Recipe, recipe: Recipe, folder: Folder): void {
  for (const key of ["data", "features", "model"] as const) {
    const [before, after] = [JSON.stringify(saved[key]), JSON.stringify(recipe[key])];
    if (before === after) continue;
    throw new RunError(
      `a run that goes on cannot change its ${key}`,
      `${after} instead of ${before} in ${folder.location}`,
      `leave the --${key} flags out, or start a new run`,
    );
  }
}

/** What can be told of a recipe without reading any data. */
async function checkRecipe({ data, optimizer, training }: Recipe, runtime: Runtime): Promise<void> {
  if (data.validationFraction === 0 || data.validationFraction === 1) {
    throw new RecipeError(
      "training needs a text to learn from and one to validate with",
      `data.validationFraction is ${data.validationFraction}`,
      "choose a share between 0 and 1, for example 0.1",
    );
  }
  scheduleFactor(optimizer.schedule, 0, training.steps);
  if (training.device !== "cpu") await tryDevice(runtime, training.device);
}

/** Throws `RuntimeError` when the device does not work here. */
async function tryDevice(runtime: Runtime, device: Device): Promise<void> {
  const x = input("x", "float32", [1]);
  const session = await compile(runtime, { y: neg(x) }, { device });
  await session.release();
}

async function compileRun(
  { model: modelRecipe, objective, optimizer, training }: Recipe,
  tokenizer: Tokenizer,
  runtime: Runtime,
) {
  const model = buildModel(modelRecipe, tokenizer);
  const trainer = await createTrainer({
    runtime,
    model,
    optimizer: buildOptimizer(optimizer),
    objective,
    batchSize: training.batchSize,
    microBatches: training.microBatches,
    seed: training.seed,
    clipNorm: optimizer.clipNorm,
    averageDecay: optimizer.averageDecay,
    recomputeLayers: training.recompute,
    session: { device: training.device, threads: training.threads },
  });
  return { model, trainer };
}

function assemble(
  recipe: Recipe,
  folder: Folder,
  { tokenizer, tokens }: RunData,
  model: Decoder,
  trainer: Trainer,
): Run {
  const { training, optimizer } = recipe;
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
