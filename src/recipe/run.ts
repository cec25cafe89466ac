/** A run folder and what stands behind it: recipe, tokens, model, trainer. */
import type { Runtime } from "../core/runtime/session.js";
import type { Tokenizer } from "../features/tokenizer/tokenizer.js";
import type { Folder } from "../files/folder.js";
import { saveAdapter } from "../interop/adapter.js";
import { saveModel } from "../interop/model-folder.js";
import type { Decoder } from "../models/decoder.js";
import { languageTask } from "../objectives/task.js";
import { checkCheckpoint } from "../training/checkpoint.js";
import { iterate, type LoopOptions, type Summary } from "../training/loop.js";
import { createTrainer, type Trainer } from "../training/trainer.js";
import { type Weights, weightsOf } from "../training/weights.js";
import { type Base, openBase, withChat } from "./base.js";
import { buildModel, buildObjective, buildOptimizer } from "./build.js";
import { checkRecipe } from "./check-recipe.js";
import type { RunData, Surroundings } from "./data-kind.js";
import { checkData, openData, writeData } from "./prepare.js";
import { type Recipe, resolveRecipe } from "./recipe.js";
import { readSavedRecipe, requireEmpty, requireKept, writeRecipe } from "./run-folder.js";

export type { Surroundings } from "./data-kind.js";
export { RunError } from "./errors.js";

/** A run of a language model: its folder and what stands behind it. */
export interface Run extends RunData {
  readonly recipe: Recipe;
  readonly folder: Folder;
  readonly model: Decoder;
  readonly trainer: Trainer;
  /** What to write with: the trained weights, an adapter's beside its base where there is one. */
  readonly weights: Weights;
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
  const checked = await checkData(recipe, around, await baseOf(recipe, around));
  const { model, trainer } = await compileRun(recipe, checked.tokenizer, checked.base, around.runtime);
  const noted = withFolder(recipe, checked.base);
  await writeRecipe(noted, folder);
  return assemble(noted, folder, await writeData(checked, noted, folder), model, trainer, checked.base);
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
  const plain = await baseOf(recipe, around);
  const base = plain && recipe.data.format !== "text" ? withChat(plain, recipe) : plain;
  const data = await openData(recipe, folder, around, base);
  const { model, trainer } = await compileRun(recipe, data.tokenizer, base, around.runtime);
  await checkCheckpoint(folder, trainer.layout, trainer.arrays);
  if (recipe !== saved) await writeRecipe(recipe, folder);
  return assemble(recipe, folder, data, model, trainer, base);
}

function baseOf({ model }: Recipe, { openFolder, findModel }: Surroundings): Promise<Base | undefined> {
  return openBase(model, openFolder, findModel ?? (async (name) => ({ folder: openFolder(name), name })));
}

/** The recipe with the place of its pretrained model, so that the run goes on from the very same. */
function withFolder(recipe: Recipe, base: Base | undefined): Recipe {
  if (!base || recipe.model.kind !== "pretrained") return recipe;
  return { ...recipe, model: { ...recipe.model, from: base.name, folder: base.folder } };
}

/** The resolved recipe that the run of a language model keeps. */
export async function readRecipe(folder: Folder): Promise<Recipe> {
  return resolveRecipe(await readSavedRecipe(folder), `${folder.location}/recipe.json`);
}

async function compileRun(
  { data, model: modelRecipe, objective, optimizer, training }: Recipe,
  tokenizer: Tokenizer,
  base: Base | undefined,
  runtime: Runtime,
) {
  const model = modelRecipe.kind === "pretrained" ? base!.model : buildModel(modelRecipe, tokenizer);
  const { batchSize, sequenceLength = model.contextLength } = training;
  const shape = { batchSize, contextLength: sequenceLength };
  const trainer = await createTrainer({
    runtime,
    task: languageTask(model, shape, buildObjective(objective, data)),
    optimizer: buildOptimizer(optimizer),
    pretrained: base?.weights,
    lora: loraOf(modelRecipe),
    microBatches: training.microBatches,
    seed: training.seed,
    clipNorm: optimizer.clipNorm,
    averageDecay: optimizer.averageDecay,
    recomputeLayers: training.recompute,
    session: { device: training.device, threads: training.threads },
  });
  return { model, trainer };
}

const loraOf = (model: Recipe["model"]) => (model.kind === "pretrained" ? model.lora : undefined);

function assemble(
  recipe: Recipe,
  folder: Folder,
  data: RunData,
  model: Decoder,
  trainer: Trainer,
  base: Base | undefined,
): Run {
  const { training, optimizer } = recipe;
  const { tokenizer } = data;
  const { prompt: _, ...own } = recipe.generation;
  const generation = { ...own, endTokens: base?.generation?.endTokens };
  const trained = weightsOf(trainer.layout, trainer.weights);
  const lora = loraOf(recipe.model);
  const save = (to: Folder) =>
    lora
      ? saveAdapter(to, { lora, base: base!.name, weights: trained }, model, tokenizer)
      : saveModel(to, { model, weights: trained, tokenizer, generation });
  return {
    ...data,
    recipe,
    folder,
    model,
    trainer,
    weights: new Map([...(trainer.frozen ?? []), ...trained]),
    train: (callbacks = {}) =>
      iterate({
        ...training,
        ...callbacks,
        data: data.data,
        trainer,
        run: folder,
        schedule: optimizer.schedule,
        saveModel: save,
      }),
  };
}
