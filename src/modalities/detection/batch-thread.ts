/** The training batches of a run on detection, for a thread of their own: see data/prefetch. */
import type { MakeBatch } from "../../data/prefetch/prefetch.js";
import { openFolder } from "../../files/disk.js";
import { detectionBatches } from "./batches.js";
import { openPreparedDetection } from "./prepared.js";
import type { DetectionRecipe } from "./recipe.js";

export interface BatchThreadOptions {
  /** Of the prepared pictures. */
  readonly location: string;
  readonly recipe: DetectionRecipe;
  readonly numBatches: number;
}

export async function batches({ location, recipe, numBatches }: BatchThreadOptions): Promise<MakeBatch> {
  const prepared = await openPreparedDetection(openFolder(location));
  return detectionBatches(prepared, recipe, numBatches).training;
}
