/** The training batches of a run on sound, for a thread of their own: see data/prefetch. */
import type { MakeBatch } from "../../data/prefetch/prefetch.js";
import { openFolder } from "../../files/disk.js";
import { soundBatches } from "./batches.js";
import { openPreparedSound } from "./prepared.js";
import type { SoundRecipe } from "./recipe.js";

export interface BatchThreadOptions {
  /** Of the prepared clips. */
  readonly location: string;
  readonly recipe: SoundRecipe;
}

export async function batches({ location, recipe }: BatchThreadOptions): Promise<MakeBatch> {
  const { training } = soundBatches(await openPreparedSound(openFolder(location)), recipe);
  return training;
}
