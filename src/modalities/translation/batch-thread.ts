/** The training batches of a run on translation, for a thread of their own: see data/prefetch. */
import type { MakeBatch } from "../../data/prefetch/prefetch.js";
import { openFolder } from "../../files/disk.js";
import { translationBatches } from "./batches.js";
import { buildObjective } from "./build.js";
import { exampleSets } from "./examples.js";
import { openPreparedTranslation } from "./prepared.js";
import type { TranslationRecipe } from "./recipe.js";

export interface BatchThreadOptions {
  /** Of the prepared sentences. */
  readonly location: string;
  readonly recipe: TranslationRecipe;
  /** Of the model. */
  readonly dropoutSites: number;
}

export async function batches({ location, recipe, dropoutSites }: BatchThreadOptions): Promise<MakeBatch> {
  const prepared = await openPreparedTranslation(openFolder(location));
  const sets = await exampleSets(prepared, recipe);
  return translationBatches(sets, recipe, buildObjective(recipe, prepared.tokenizer, dropoutSites)).training;
}
