/** What runs that start from a trained model, or pass over batches of like lengths, have in common. */
import type { Folder } from "../files/folder.js";
import { locateModel } from "../interop/model-folder.js";
import type { IterationRecipe } from "../recipe/sections.js";
import { finderOf, type Surroundings } from "./modality.js";

/** How a recipe names a trained model: as people do, and where it was found when a run started. */
export interface NamedBase {
  readonly from: string;
  readonly revision?: string;
  readonly folder?: string;
}

/** The folder that holds it: of a run, the checkpoint. Throws what finding it throws. */
export async function locateBase(
  { from, revision, folder }: NamedBase,
  around: Surroundings,
): Promise<Folder> {
  if (folder) return locateModel(around.openFolder(folder));
  return locateModel((await finderOf(around)(from, revision)).folder);
}

/** In all, for so many steps or passes. */
export function stepsOf(
  {
    steps,
    epochs,
    microBatches,
  }: Pick<IterationRecipe, "microBatches"> & { readonly steps?: number; readonly epochs?: number },
  batchesPerPass: number,
): number {
  return steps ?? Math.max(1, Math.ceil((epochs! * batchesPerPass) / microBatches));
}
