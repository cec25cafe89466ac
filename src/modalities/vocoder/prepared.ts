/** Step 1 of a run on a vocoder: recordings decoded once into samples of one rate, and what the vocoder starts from. */
import { z } from "zod";
import { counted } from "../../core/quantities.js";
import type { Watching } from "../../core/watching.js";
import {
  openPreparedAudio,
  type PreparedAudio,
  writePreparedAudio,
} from "../../data/audio/prepared-audio.js";
import type { Recording, RecordingSet } from "../../data/audio/recording.js";
import { splitRecordings } from "../../data/audio/split.js";
import { encodeWav } from "../../data/audio/write-wav.js";
import { logMel } from "../../features/audio/mel-spectrogram.js";
import { DataError } from "../../files/errors.js";
import type { Folder } from "../../files/folder.js";
import { griffinLim } from "../../generation/sound/griffin-lim.js";
import { readPreparedIndex } from "../prepared-index.js";
import { melOf } from "./build.js";
import type { VocoderRecipe } from "./recipe.js";

/** Recordings to learn from and to validate with. */
export interface PreparedRecordings {
  /** Where they lie. */
  readonly location: string;
  readonly train: PreparedSplit;
  readonly validation: PreparedSplit;
  readonly notes: readonly string[];
  readonly leftOut: readonly string[];
}

/** Recordings, and each of them as Griffin and Lim's method leaves it that begins with its own phases. */
export interface PreparedSplit {
  readonly audio: PreparedAudio;
  readonly spoilt: PreparedAudio;
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
    const spoilt = spoiltOf(await openPreparedAudio(folder, name), recipe);
    await writePreparedAudio(folder, `${name}-spoilt`, spoilt, { ...options, onCorrupt: "stop" });
  }
  await folder.write(index.file, `${JSON.stringify({ notes: [split.how], leftOut: left })}\n`);
}

/** Throws `ShardError` when the recordings are not all there. */
export async function openPreparedRecordings(folder: Folder): Promise<PreparedRecordings> {
  return {
    ...(await readPreparedIndex(folder, index)),
    location: folder.location,
    train: await openSplit(folder, "train"),
    validation: await openSplit(folder, "validation"),
  };
}

async function openSplit(folder: Folder, name: string): Promise<PreparedSplit> {
  return {
    audio: await openPreparedAudio(folder, name),
    spoilt: await openPreparedAudio(folder, `${name}-spoilt`),
  };
}

/** The recordings with the magnitudes that their mel bands tell, and with phases that go with them. */
function spoiltOf({ examples, read, sampleRate }: PreparedAudio, recipe: VocoderRecipe): Recording[] {
  const mel = melOf(recipe);
  const { spoilingSteps: iterations } = recipe.objective;
  return examples.map(({ id }, i) => ({
    id,
    source: id,
    read: async () => {
      const sound = await read(i);
      const { data } = logMel(mel, sound);
      const samples = griffinLim(data, mel, { iterations, length: sound.length, random: sound });
      return encodeWav({ samples, sampleRate });
    },
  }));
}

function nothingLeft(split: string, folder: Folder, leftOut: readonly string[]): DataError {
  return new DataError(
    "there are no recordings left to learn from and validate with",
    `0 for ${split} in ${folder.location}; ${leftOut.join(", ") || "none was given"}`,
    "give more recordings of at least 0.1 s",
  );
}
