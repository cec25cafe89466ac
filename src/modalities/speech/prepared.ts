/** Step 1 of a run on speech: decoded once into samples of 16 kHz, with what is said, in the run's `data/`. */
import { z } from "zod";
import type { Watching } from "../../core/watching.js";
import {
  openPreparedAudio,
  type PreparedAudio,
  type PreparedCounts,
  writePreparedAudio,
} from "../../data/audio/prepared-audio.js";
import type { Recording, RecordingSet } from "../../data/audio/recording.js";
import { splitRecordings } from "../../data/audio/split.js";
import { kaldiMel } from "../../features/audio/mel-settings.js";
import { CtcVocabulary, ctcVocabulary } from "../../features/tokenizer/ctc-vocabulary.js";
import { normaliseTranscript } from "../../features/tokenizer/normalise-transcript.js";
import { DataError } from "../../files/errors.js";
import type { Folder } from "../../files/folder.js";
import { readPreparedIndex } from "../prepared-index.js";
import type { SpeechRecipe } from "./recipe.js";

/** Recordings to learn from and to validate with. */
export interface PreparedSpeech {
  /** Where they lie. */
  readonly location: string;
  readonly train: PreparedAudio;
  readonly validation: PreparedAudio;
  /** Of the texts, where they are learned. */
  readonly vocabulary?: CtcVocabulary;
  readonly notes: readonly string[];
  readonly leftOut: readonly string[];
}

const index = {
  file: "speech.json",
  things: "recordings",
  schema: z.object({
    tokens: z.array(z.string()).optional(),
    notes: z.array(z.string()),
    leftOut: z.array(z.string()),
  }),
};

/**
 * Writes the recordings of a set into `folder`. With `texts`, those that somebody wrote down, and in them words, are
 * kept. Throws what decoding and splitting throw, `DataError` where nothing is left.
 */
export async function writeSpeech(
  { recordings, leftOut }: RecordingSet,
  recipe: SpeechRecipe,
  texts: boolean,
  folder: Folder,
  watching: Watching,
): Promise<void> {
  const { data, training } = recipe;
  const spoken = withText(recordings, data.language, texts);
  const { validationFraction } = data;
  const split = splitRecordings(spoken.recordings, { validationFraction, seed: training.seed });
  const options = {
    ...watching,
    sampleRate: kaldiMel.sampleRate,
    onCorrupt: data.onCorrupt,
    longestSeconds: texts ? data.longestSeconds : undefined,
  };
  await folder.remove(index.file);
  const kept = split.train.length + split.validation.length;
  const told = keptForTests(spoken.recordings.length - kept);
  let clipped = 0;
  for (const name of ["train", "validation"] as const) {
    const counts = await writePreparedAudio(folder, name, split[name], options);
    if (counts.kept === 0) throw nothingLeft(name, counts, folder);
    told.push(...leftOutOf(counts));
    clipped += counts.clipped;
  }
  const vocabulary = texts && ctcVocabulary(split.train.map(({ text }) => text!));
  const content = {
    tokens: vocabulary ? vocabulary.tokens : undefined,
    notes: [split.how, ...spoken.notes, ...clippedOf(clipped)],
    leftOut: [...leftOut, ...spoken.leftOut, ...told],
  };
  await folder.write(index.file, `${JSON.stringify(content, null, 2)}\n`);
}

/**
 * The recordings with their texts normalised, and what became of the others: those without words are left out where
 * texts are learned.
 */
function withText(recordings: readonly Recording[], language: string | undefined, isLearned: boolean) {
  const figures = new Set<string>();
  const wordless: string[] = [];
  const kept = recordings.flatMap((recording): Recording[] => {
    const { text, figuresLeft } = normaliseTranscript(recording.text ?? "", { language });
    for (const figure of figuresLeft) figures.add(figure);
    if (text !== "" || !isLearned) return [recording.text === undefined ? recording : { ...recording, text }];
    wordless.push(recording.id);
    return [];
  });
  return {
    recordings: kept,
    leftOut:
      wordless.length > 0 ? [`${wordless.length} without words in a text, such as ${wordless[0]}`] : [],
    notes:
      isLearned && figures.size > 0
        ? [`figures in texts stay figures, such as ${[...figures].slice(0, 3).join(", ")}: say data.language`]
        : [],
  };
}

const keptForTests = (count: number) => (count > 0 ? [`${count} that the set keeps for testing`] : []);

const clippedOf = (count: number) =>
  count > 0 ? [`${count} recordings go beyond full scale, and are cut off there`] : [];

function leftOutOf({ leftOut }: PreparedCounts): string[] {
  return leftOut.map(({ what, count, places }) => `${count}: ${what}, such as ${places[0]}`);
}

function nothingLeft(split: string, { leftOut }: PreparedCounts, folder: Folder): DataError {
  return new DataError(
    "there are no recordings left to learn from and validate with",
    `0 for ${split} in ${folder.location}; ${leftOut.map(({ what, count }) => `${count}: ${what}`).join(", ")}`,
    "give more recordings, or a larger data.longestSeconds",
  );
}

/** Throws `ShardError` when the recordings are not all there. */
export async function openPreparedSpeech(folder: Folder): Promise<PreparedSpeech> {
  const { tokens, ...told } = await readPreparedIndex(folder, index);
  return {
    ...told,
    location: folder.location,
    train: await openPreparedAudio(folder, "train"),
    validation: await openPreparedAudio(folder, "validation"),
    vocabulary: tokens && new CtcVocabulary(tokens),
  };
}
