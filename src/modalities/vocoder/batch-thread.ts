/** The training batches of a run on a vocoder, for a thread of their own: see data/prefetch. */
import type { MakeBatch } from "../../data/prefetch/prefetch.js";
import { openFolder } from "../../files/disk.js";
import { vocoderBatches } from "./batches.js";
import { openPreparedRecordings } from "./prepared.js";
import type { VocoderRecipe } from "./recipe.js";
import { tapeOf } from "./tape.js";

export interface BatchThreadOptions {
  /** Of the prepared recordings. */
  readonly location: string;
  readonly recipe: VocoderRecipe;
}

export async function batches({ location, recipe }: BatchThreadOptions): Promise<MakeBatch> {
  const { train, validation } = await openPreparedRecordings(openFolder(location));
  const tapes = { train: await tapeOf(train), validation: await tapeOf(validation) };
  return vocoderBatches(tapes, recipe).training;
}
