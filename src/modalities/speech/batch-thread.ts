/** The training batches of a run on speech, for a thread of their own: see data/prefetch. */
import type { MakeBatch } from "../../data/prefetch/prefetch.js";
import { openFolder } from "../../files/disk.js";
import { speechBatches } from "./batches.js";
import { buildBatchObjective } from "./build.js";
import { openPreparedSpeech } from "./prepared.js";
import type { SpeechRecipe } from "./recipe.js";
import { speechSets } from "./utterances.js";

export interface BatchThreadOptions {
  /** Of the prepared recordings. */
  readonly location: string;
  readonly recipe: SpeechRecipe;
  /** Of the model. */
  readonly numLayers: number;
}

export async function batches({ location, recipe, numLayers }: BatchThreadOptions): Promise<MakeBatch> {
  const prepared = await openPreparedSpeech(openFolder(location));
  const { vocabulary } = prepared;
  const sets = speechSets(prepared, recipe, vocabulary);
  return speechBatches(sets, recipe, buildBatchObjective(recipe, vocabulary?.tokens.length, numLayers))
    .training;
}
