/** Step 1 of a run on a vocoder: recordings decoded once into samples of one rate. */
import { z } from "zod";
import { counted } from "../../core/quantities.js";
import type { Watching } from "../../core/watching.js";
import {
  openPreparedAudio,
  type PreparedAudio,
  writePreparedAudio,
} from "../../data/audio/prepared-audio.js";
import type { RecordingSet } from "../../data/audio/recording.js";
import { splitRecordings } from "../../data/audio/split.js";
import { DataError } from "../../files/errors.js";
import type { Folder } from "../../files/folder.js";
import { readPreparedIndex } from "../prepared-index.js";
import type { VocoderRecipe } from "./recipe.js";

/** Recordings to learn from and to validate with. */
export interface PreparedRecordings {
  /** Where they lie. */
  readonly location: string;
  readonly train: PreparedAudio;
  readonly validation: PreparedAudio;
  readonly notes: readonly string[];
  readonly leftOut: readonly string[];
}

const index = {
  file: "vocoder.json",
  things: "recordings",
  schema: z.object({ notes: z.array(z.string()), leftOut: z.array(z.string()) }),
};

/** Writes the recordings of a set into `folder`. Throws what decoding and splitting throw, `DataError` where nothing is left. */
export async function writeRecordings(
  { recordings, leftOut }: RecordingSet,
  recipe: VocoderRecipe,
  folder: Folder,
  watching: Watching,
): Promise<void> {
  const { data, features, training } = recipe;
  const { validationFraction, onCorrupt } = data;
  const split = splitRecordings(recordings, { validationFraction, seed: training.seed });
  const left = [...leftOut];
  if (split.test.length > 0) left.push(`${counted(split.test.length, "recording")} kept for tests`);
  await folder.remove(index.file);
  for (const name of ["train", "validation"] as const) {
    const options = { ...watching, sampleRate: features.sampleRate, onCorrupt };
    const counts = await writePreparedAudio(folder, name, split[name], options);
    left.push(...counts.leftOut.map(({ what, count, places }) => `${count}: ${what}, such as ${places[0]}`));
    if (counts.kept === 0) throw nothingLeft(name, folder, left);
  }
  await folder.write(index.file, `${JSON.stringify({ notes: [split.how], leftOut: left })}\n`);
}

/** Throws `ShardError` when the recordings are not all there. */
export async function openPreparedRecordings(folder: Folder): Promise<PreparedRecordings> {
  return {
    ...(await readPreparedIndex(folder, index)),
    location: folder.location,
    train: await openPreparedAudio(folder, "train"),
    validation: await openPreparedAudio(folder, "validation"),
  };
}

function nothingLeft(split: string, folder: Folder, leftOut: readonly string[]): DataError {
  return new DataError(
    "there are no recordings left to learn from and validate with",
    `0 for ${split} in ${folder.location}; ${leftOut.join(", ") || "none was given"}`,
    "give more recordings of at least 0.1 s",
  );
}
