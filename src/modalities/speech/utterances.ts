/** What is learned from as one: a recording, or a piece of a long one. */
import type { PreparedAudio } from "../../data/audio/prepared-audio.js";
import { type LengthBucket, lengthBuckets, toldApart } from "../../data/length-buckets.js";
import { speechFrames } from "../../features/audio/feature-extractor.js";
import type { CtcVocabulary } from "../../features/tokenizer/ctc-vocabulary.js";
import { DataError } from "../../files/errors.js";
import { fitsCtc } from "../../objectives/ctc.js";
import type { SpeechBatchShape } from "../../objectives/speech-objective.js";
import type { PreparedSpeech } from "./prepared.js";
import type { SpeechRecipe } from "./recipe.js";

/** A stretch of a prepared recording. */
export interface Utterance {
  /** Of the recording. */
  readonly number: number;
  /** Its first sample. */
  readonly start: number;
  readonly samples: number;
  readonly text?: string;
  /** Of the text. */
  readonly labels?: readonly number[];
}

/** A split, cut into utterances, and in what batches they come. */
export interface UtteranceSet {
  readonly audio: PreparedAudio;
  readonly utterances: readonly Utterance[];
  readonly buckets: readonly LengthBucket[];
}

/** What a run on speech learns from and is validated with, in batches of the same shapes. */
export interface SpeechSets {
  readonly train: UtteranceSet;
  readonly validation: UtteranceSet;
  /** One a bucket. */
  readonly shapes: readonly SpeechBatchShape[];
  /** What of the recordings cannot be learned from, a phrase each. */
  readonly leftOut: readonly string[];
}

/**
 * Cuts both splits. A pure function of what is prepared and of the recipe; `vocabulary` where texts are learned. Throws
 * `DataError` where no text of a split fits its sound.
 */
export function speechSets(
  { train, validation }: PreparedSpeech,
  { data, features, training }: SpeechRecipe,
  vocabulary: CtcVocabulary | undefined,
): SpeechSets {
  const { speeds = [1] } = features.augment;
  const cut = (audio: PreparedAudio, fastest: number) => utterancesOf(audio, data, vocabulary, fastest);
  const splits = [cut(train, Math.max(...speeds)), cut(validation, 1)];
  for (const [i, { utterances, misfits }] of splits.entries()) {
    if (utterances.length === 0) throw nothingFits(["train", "validation"][i], misfits);
  }
  const all = splits.flatMap(({ utterances }) => utterances);
  const inTraining = splits[0].utterances.length;
  const lengths = all.map(({ samples }, i) =>
    speechFrames(i < inTraining ? Math.round(samples / Math.min(...speeds)) : samples),
  );
  const buckets = lengthBuckets(lengths, training);
  const partOf = (isOwn: (i: number) => boolean, first: number) =>
    buckets.map((bucket) => ({ ...bucket, members: bucket.members.filter(isOwn).map((i) => i - first) }));
  return {
    train: { audio: train, ...splits[0], buckets: partOf((i) => i < inTraining, 0) },
    validation: { audio: validation, ...splits[1], buckets: partOf((i) => i >= inTraining, inTraining) },
    shapes: toldApart(
      buckets.map(({ length, batchSize, members }) => ({
        batchSize,
        frames: length,
        featureWidth,
        maxLabels: members.reduce((most, i) => Math.max(most, all[i].labels?.length ?? 0), 1),
      })),
      "frames",
    ),
    leftOut: leftOutOf(splits.reduce((sum, { misfits }) => sum + misfits, 0)),
  };
}

/** Of two stacked frames of mel bands. */
export const featureWidth = 160;

function utterancesOf(
  { examples, sampleRate }: PreparedAudio,
  { longestSeconds }: SpeechRecipe["data"],
  vocabulary: CtcVocabulary | undefined,
  fastest: number,
): { utterances: Utterance[]; misfits: number } {
  const longest = Math.round(longestSeconds * sampleRate);
  let misfits = 0;
  const utterances = examples.flatMap(({ samples, text }, number): Utterance[] => {
    if (!vocabulary) return pieces(samples, longest).map((piece) => ({ number, ...piece }));
    const labels = vocabulary.encode(text!).ids;
    // The last frame may be half padding, which is not heard.
    const fits = fitsCtc(labels, speechFrames(Math.round(samples / fastest)) - 1);
    if (fits) return [{ number, start: 0, samples, text, labels }];
    misfits++;
    return [];
  });
  return { utterances, misfits };
}

/** A recording in as few pieces of about one length as are not too long. */
function pieces(samples: number, longest: number): { start: number; samples: number }[] {
  const count = Math.ceil(samples / longest);
  const at = (piece: number) => Math.round((piece * samples) / count);
  return Array.from({ length: count }, (_, i) => ({ start: at(i), samples: at(i + 1) - at(i) }));
}

const leftOutOf = (misfits: number) =>
  misfits > 0 ? [`${misfits} with more letters than the sound has room for`] : [];

function nothingFits(split: string, misfits: number): DataError {
  return new DataError(
    "there are no recordings left to learn from and validate with",
    `0 for ${split}, ${leftOutOf(misfits)}`,
    "check that each text is that of its recording",
  );
}
