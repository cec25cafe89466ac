/** Steps 1 and 2 of a run on sound: clips decoded once into samples of one rate, and what their mel bands are scaled by. */
import { z } from "zod";
import { counted } from "../../core/quantities.js";
import type { Watching } from "../../core/watching.js";
import {
  openPreparedAudio,
  type PreparedAudio,
  type PreparedCounts,
  writePreparedAudio,
} from "../../data/audio/prepared-audio.js";
import type { Clip, ClipSet } from "../../data/sounds/clips.js";
import { splitClips } from "../../data/sounds/split-clips.js";
import { type BandScaling, BandStatistics } from "../../features/audio/band-scaling.js";
import { levelled, melWindow, samplesOfFrames } from "../../features/audio/clip.js";
import { DataError } from "../../files/errors.js";
import type { Folder } from "../../files/folder.js";
import { readPreparedIndex } from "../prepared-index.js";
import { windowOf } from "./build.js";
import type { SoundRecipe } from "./recipe.js";

/** A clip to learn from or to validate with. */
export interface PreparedClip {
  /** Its place in the prepared recordings. */
  readonly number: number;
  /** In `classes`, or -1. */
  readonly label: number;
  /** In `speakers`, or -1. */
  readonly speaker: number;
}

/** Clips, and the sound of each. */
export interface PreparedClips {
  readonly audio: PreparedAudio;
  readonly clips: readonly PreparedClip[];
}

/** Clips to learn from and to validate with. */
export interface PreparedSound {
  /** Where they lie. */
  readonly location: string;
  readonly classes: readonly string[];
  /** Those that are learned from. */
  readonly speakers: readonly string[];
  readonly scaling: BandScaling;
  readonly train: PreparedClips;
  readonly validation: PreparedClips;
  readonly notes: readonly string[];
  readonly leftOut: readonly string[];
}

const clip = z.object({ number: z.int().nonnegative(), label: z.int().min(-1), speaker: z.int().min(-1) });
const index = {
  file: "sound.json",
  things: "clips of sound",
  schema: z.object({
    classes: z.array(z.string()),
    speakers: z.array(z.string()),
    scaling: z.object({ mean: z.array(z.number()), deviation: z.array(z.number()) }),
    clips: z.object({ train: z.array(clip), validation: z.array(clip) }),
    notes: z.array(z.string()),
    leftOut: z.array(z.string()),
  }),
};

/** Splits the clips of a set as the recipe says. Throws what `splitClips` throws. */
export const splitOf = ({ clips }: ClipSet, { data, training }: SoundRecipe) =>
  splitClips(clips, { ...data, seed: training.seed });

/**
 * Writes the clips of a set into `folder`; those that are silent or the same as another are left out. Throws what decoding and splitting throw,
 * `DataError` where nothing is left.
 */
export async function writeSound(
  set: ClipSet,
  recipe: SoundRecipe,
  folder: Folder,
  watching: Watching,
): Promise<void> {
  const split = splitOf(set, recipe);
  const { sampleRate } = recipe.features;
  const speakers = [...new Set(split.train.flatMap(({ speaker }) => speaker ?? []))].sort();
  const names = { classes: set.classes, speakers };
  const survey = new Survey(recipe);
  const clips: Record<string, PreparedClip[]> = {};
  const leftOut = [...set.leftOut];
  let known = new Set<string>();
  await folder.remove(index.file);
  for (const name of ["train", "validation"] as const) {
    const recordings = split[name].map(asRecording);
    if (!split.isHeldOut) known = new Set();
    const options = { ...watching, sampleRate, onCorrupt: recipe.data.onCorrupt, known };
    const counts = await writePreparedAudio(folder, name, recordings, options);
    leftOut.push(...leftOutOf(counts));
    const audio = await openPreparedAudio(folder, name);
    clips[name] = await survey.audible(audio, clipsOf(audio, names), name === "train");
    if (clips[name].length === 0) throw nothingLeft(name, folder, leftOut);
  }
  const content = {
    ...names,
    scaling: survey.scaling(),
    clips,
    notes: [split.how, ...set.notes, ...survey.notes()],
    leftOut: [...leftOut, ...survey.leftOut()],
  };
  await folder.write(index.file, `${JSON.stringify(content)}\n`);
}

/** A clip as prepared recordings keep it: its class is what is said. */
const asRecording = ({ class: text, ...clip }: Clip) => ({ ...clip, text });

type Names = Pick<PreparedSound, "classes" | "speakers">;

function clipsOf({ examples }: PreparedAudio, { classes, speakers }: Names): PreparedClip[] {
  return examples.map(({ text, speaker }, number) => ({
    number,
    label: text === undefined ? -1 : classes.indexOf(text),
    speaker: speaker === undefined ? -1 : speakers.indexOf(speaker),
  }));
}

/** Looks at the sound of clips: which are silent, too short or too long, and what their bands hold. */
class Survey {
  private readonly window: ReturnType<typeof windowOf>;
  private readonly statistics: BandStatistics;
  private readonly silent: string[] = [];
  private shorter = 0;
  private longer = 0;

  constructor(private readonly recipe: SoundRecipe) {
    this.window = windowOf(recipe);
    this.statistics = new BandStatistics(this.window.mel.bands);
  }

  /** Those that are not silent. */
  async audible(
    audio: PreparedAudio,
    clips: readonly PreparedClip[],
    isLearned: boolean,
  ): Promise<PreparedClip[]> {
    const { mel, frames } = this.window;
    const length = samplesOfFrames(mel, frames);
    const kept: PreparedClip[] = [];
    for (const clip of clips) {
      const { id, samples } = audio.examples[clip.number];
      const sound = levelled(await audio.read(clip.number, 0, Math.min(samples, length)));
      if (!sound) {
        this.silent.push(id);
        continue;
      }
      kept.push(clip);
      if (samples < length) this.shorter++;
      if (samples > length) this.longer++;
      if (isLearned) this.statistics.add(melWindow(mel, sound, { lead: 0, frames }));
    }
    return kept;
  }

  scaling = () => this.statistics.scaling();

  notes(): string[] {
    const { seconds } = this.recipe.features;
    return [
      ...(this.shorter > 0 ? [`${counted(this.shorter, "clip")} filled with silence to ${seconds} s`] : []),
      ...(this.longer > 0 ? [`${counted(this.longer, "clip")} cut to ${seconds} s`] : []),
    ];
  }

  leftOut(): string[] {
    const { silent } = this;
    return silent.length > 0 ? [`${counted(silent.length, "clip")} of silence, such as ${silent[0]}`] : [];
  }
}

function leftOutOf({ leftOut }: PreparedCounts): string[] {
  return leftOut.map(({ what, count, places }) => `${count}: ${what}, such as ${places[0]}`);
}

function nothingLeft(split: string, folder: Folder, leftOut: readonly string[]): DataError {
  return new DataError(
    "there are no clips left to learn from and validate with",
    `0 for ${split} in ${folder.location}; ${leftOut.join(", ") || "none was given"}`,
    "give more clips that can be heard",
  );
}

/** Throws `ShardError` when the clips are not all there. */
export async function openPreparedSound(folder: Folder): Promise<PreparedSound> {
  const { clips, ...told } = await readPreparedIndex(folder, index);
  const opened = async (name: "train" | "validation"): Promise<PreparedClips> => ({
    audio: await openPreparedAudio(folder, name),
    clips: clips[name],
  });
  return {
    ...told,
    location: folder.location,
    train: await opened("train"),
    validation: await opened("validation"),
  };
}
