/** What a run on translation learns: a model, prepared sentences, and what a checkpoint holds. */
import { batchesPerPass } from "../../data/length-buckets.js";
import {
  backTranslationToken,
  endToken,
  languagesOf,
  padToken,
  specialId,
} from "../../features/tokenizer/translation-tokens.js";
import type { Folder } from "../../files/folder.js";
import { openTranslator, type SavedTranslator, saveTranslator } from "../../interop/translator-folder.js";
import { fromUnits, toUnits } from "../../models/training-units.js";
import type { SequenceBatchShape } from "../../objectives/sequence-objective.js";
import { sequenceTask } from "../../objectives/task.js";
import { RecipeError } from "../../recipe/errors.js";
import { locateBase, stepsOf } from "../base.js";
import { batchesAhead } from "../batches-ahead.js";
import type { Learning, Prepared, Surroundings } from "../modality.js";
import type { BatchThreadOptions } from "./batch-thread.js";
import { translationBatches } from "./batches.js";
import { buildObjective, buildTranslator } from "./build.js";
import { exampleSets } from "./examples.js";
import { type GatheredSentences, gatherSentences } from "./gather.js";
import { openPreparedTranslation, type PreparedTranslation, writeTranslation } from "./prepared.js";
import type { TranslationRecipe } from "./recipe.js";
import { translationSampler } from "./sample.js";

/** Looks the sentences through. The tokenizer is made of them while they are written, as are the shapes of batches. */
export async function prepareTranslation(
  asked: TranslationRecipe,
  around: Surroundings,
): Promise<Prepared<TranslationRecipe>> {
  const recipe = overTrained(asked);
  const base = await openBase(recipe, around);
  const gathered = await gatherSentences(recipe, around);
  if (base) requireTokens(base.saved, gathered, recipe);
  const { model } = recipe;
  const noted =
    base && model.kind === "pretrained" ? { ...recipe, model: { ...model, folder: base.folder } } : recipe;
  return {
    recipe: noted,
    async write(data) {
      await writeTranslation(gathered, noted, base?.saved.tokenizer, data, around);
      return learningOf(noted, await openPreparedTranslation(data), base?.saved, around);
    },
  };
}

/** A fresh model that starts from a trained one is that one, and reads as it does. */
function overTrained(recipe: TranslationRecipe): TranslationRecipe {
  const { model, features } = recipe;
  if (model.kind !== "t5" || model.from === undefined) return recipe;
  return {
    ...recipe,
    model: { kind: "pretrained", from: model.from },
    features: { kind: "pretrained", dropout: features.dropout },
  };
}

function requireTokens(
  { tokenizer }: SavedTranslator,
  { train, languages, backTranslations }: GatheredSentences,
  { data, model, objective }: TranslationRecipe,
): void {
  const known = languagesOf(tokenizer);
  const written =
    objective.kind === "translate" && data.directions === "forward"
      ? [...new Set(train.map(({ targetLanguage }) => targetLanguage))]
      : languages;
  const missing = written.filter((language) => !known.includes(language));
  if (missing.length > 0) {
    throw new RecipeError(
      `the model cannot be told to write a language that it shall ${objective.kind}`,
      `${missing.join(", ")}; ${model.from} knows ${known.join(", ") || "none"}`,
      "start from a model of these languages, or from fresh weights; or learn one direction by data.directions forward",
    );
  }
  if (backTranslations.length > 0 && !tokenizer.specialTokens.has(backTranslationToken)) {
    throw new RecipeError(
      "the model knows no token that tells back-translations apart",
      `${model.from} has no ${backTranslationToken}`,
      "start from a model that was trained by this version, or from fresh weights",
    );
  }
}

/** What a run goes on with. */
export async function openRunTranslation(
  recipe: TranslationRecipe,
  data: Folder,
  around: Surroundings,
): Promise<Learning> {
  const base = await openBase(recipe, around);
  return learningOf(recipe, await openPreparedTranslation(data), base?.saved, around);
}

async function openBase({ model }: TranslationRecipe, around: Surroundings) {
  if (model.kind !== "pretrained") return undefined;
  const place = await locateBase(model, around);
  return { saved: await openTranslator(place), folder: place.location };
}

async function learningOf(
  recipe: TranslationRecipe,
  prepared: PreparedTranslation,
  base: SavedTranslator | undefined,
  around: Surroundings,
): Promise<Learning> {
  const { tokenizer } = prepared;
  const sets = await exampleSets(prepared, recipe);
  const { saved, trained, unitOf } = buildTranslator(recipe, tokenizer.vocabSize, base);
  const { dropoutSites } = saved;
  const objective = buildObjective(recipe, tokenizer, dropoutSites);
  const task = sequenceTask(trained, sets.shapes, objective);
  const { generation } = recipe;
  const [pad, end] = [padToken, endToken].map((token) => specialId(tokenizer, token));
  const tokens = { start: pad, end, pad };
  return {
    task,
    start: { pretrained: base && toUnits(base.weights, unitOf) },
    steps: stepsOf(recipe.training, batchesPerPass(sets.train.buckets)),
    data: batchesAhead<BatchThreadOptions>(
      translationBatches(sets, recipe, objective),
      import.meta.url,
      { location: prepared.location, recipe, dropoutSites },
      around,
    ),
    leftOut: [...prepared.leftOut, ...sets.leftOut],
    notes: prepared.notes,
    description: {
      model: recipe.model.kind === "pretrained" ? recipe.model.from : recipe.model.kind,
      parameters: task.parameters.reduce((n, { shape }) => n + shape.reduce((a, b) => a * b, 1), 0),
      details: [
        languagesOf(tokenizer).join(", "),
        `vocabulary ${tokenizer.vocabSize}`,
        `batches of ${shapesOf(sets.shapes)} tokens`,
      ],
      ...{ train: sets.train.count, validation: sets.validation.count, unit: "sentences" },
    },
    save: (to, { all }) =>
      saveTranslator(to, { model: saved, weights: fromUnits(all, unitOf), tokenizer, tokens, generation }),
    sampler: (weights, { runtime }) =>
      translationSampler(runtime, { model: trained, weights, tokenizer }, sets.validation),
    next: (folder) => nextOf(recipe, folder),
  };
}

const shapesOf = (shapes: readonly SequenceBatchShape[]) =>
  shapes.map(({ batchSize, source, target }) => `${batchSize} x ${source}/${target}`).join(", ");

function nextOf({ objective }: TranslationRecipe, folder: string): string[] {
  if (objective.kind === "denoise") {
    return [`npx autodidact train translate --model.from ${folder} --data.pairs pairs.tsv`];
  }
  return [`npx autodidact translate ${folder} --to de "Good morning."`, `npx autodidact evaluate ${folder}`];
}
