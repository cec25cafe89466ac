/** The training batches of a run on images, for a thread of their own: see data/prefetch. */

import type { MakeBatch } from "../../data/prefetch/prefetch.js";
import { openFolder } from "../../files/disk.js";
import { imageBatches } from "./batches.js";
import { openPrepared, trainedOn } from "./prepared.js";
import type { ImageRecipe } from "./recipe.js";

export interface BatchThreadOptions {
  /** Of the prepared images. */
  readonly location: string;
  readonly recipe: ImageRecipe;
}

export async function batches({ location, recipe }: BatchThreadOptions): Promise<MakeBatch> {
  const images = await trainedOn(await openPrepared(openFolder(location)), recipe);
  const { training } = imageBatches(images, recipe);
  return training;
}
