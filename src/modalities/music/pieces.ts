/** What a recipe's music is: pieces in words, in splits. */
import { counted } from "../../core/quantities.js";
import { randomStream } from "../../core/random.js";
import { readChorales } from "../../data/music/chorales.js";
import { musicPieces } from "../../data/music/music-files.js";
import { describeOmissions, type Omission } from "../../data/music/omissions.js";
import { Reading } from "../../data/reading.js";
import type { Alphabet, WordedPiece } from "../../features/music/alphabet.js";
import { choraleAlphabet, choraleBars } from "../../features/music/chorale-words.js";
import { remiAlphabet, remiPiece } from "../../features/music/remi.js";
import { withBeats } from "../../features/music/with-beats.js";
import { RecipeError } from "../../recipe/errors.js";
import { type Surroundings, watching } from "../modality.js";
import type { MusicRecipe } from "./recipe.js";

export const splitNames = ["train", "validation", "test"] as const;
export type SplitName = (typeof splitNames)[number];

/** A piece in words, bar after bar. */
export type Barred = Pick<WordedPiece, "bars">;

/** Pieces of music, read and spelled. */
export interface MusicSet {
  readonly alphabet: Alphabet;
  readonly splits: Readonly<Record<SplitName, readonly Barred[]>>;
  /** What of the files is not learned from as it was, a phrase a kind. */
  readonly leftOut: readonly string[];
  /** What else there is to know, a sentence each. */
  readonly notes: readonly string[];
}

/** Reads everything. Throws `RecipeError` where nothing is named or a split is empty, and what reading throws. */
export async function readMusic(recipe: MusicRecipe, around: Surroundings): Promise<MusicSet> {
  return recipe.features.kind === "chorales" ? readSet(recipe) : readSongs(recipe, around);
}

async function readSet({ data: { path } }: MusicRecipe): Promise<MusicSet> {
  if (path === undefined)
    throw noMusic("give --data.path jsb-chorales.zip, the archive of czhuang/JSB-Chorales-dataset");
  const set = await readChorales(path);
  const worded = (grids: readonly Int8Array[]) => grids.map((grid) => ({ bars: choraleBars(grid) }));
  const splits = {
    train: worded(set.train),
    validation: worded(set.validation),
    test: worded(set.test),
  };
  return { alphabet: choraleAlphabet, splits, leftOut: [], notes: [] };
}

async function readSongs({ data, training }: MusicRecipe, around: Surroundings): Promise<MusicSet> {
  const paths = [data.path ?? [], data.files ?? []].flat();
  if (paths.length === 0) {
    throw noMusic('give --data.files "midi/**/*.mid", or a folder or zip of MIDI files as --data.path');
  }
  const { signal, onProgress } = watching(around, "pieces read");
  const reading = new Reading({ signal, skipBad: data.skipBad });
  const known = new Map(remiAlphabet.words.map((word) => [word, word]));
  const splits: Record<SplitName, Barred[]> = { train: [], validation: [], test: [] };
  const omissions: Omission[] = [];
  let [count, notes, moved] = [0, 0, 0];
  for await (const { name, score, beats, leftOut } of musicPieces(paths, reading)) {
    const piece = remiPiece(beats ? withBeats(score, beats) : score);
    omissions.push(...leftOut, ...piece.leftOut);
    notes += piece.report.notes;
    moved += piece.report.offGrid * piece.report.notes;
    // One string a word, however often it stands.
    const bars = piece.bars.map((bar) => bar.map((word) => known.get(word)!));
    splits[splitOf(name, data.validationFraction, training.seed)].push({ bars });
    onProgress?.(++count);
  }
  if (Math.min(splits.train.length, splits.validation.length) === 0) throw tooFew(count);
  const passed = reading.leftOut.map((kind) => `${counted(kind.count, "file")} where ${kind.what}`);
  const share = ((100 * moved) / Math.max(1, notes)).toFixed(1);
  return {
    ...{ alphabet: remiAlphabet, splits },
    leftOut: [...passed, ...describeOmissions(omissions)],
    notes: [`${share} % of ${notes} notes did not begin on the grid of sixteenths, and were moved to it`],
  };
}

/** By a song's name alone, so that other files move none; of POP909 the versions of a song are together. */
function splitOf(path: string, fraction: number, seed: number): SplitName {
  const place = randomStream(seed, `song ${songOf(path)}`).uniform();
  if (place < fraction) return "validation";
  return place < 2 * fraction ? "test" : "train";
}

function songOf(path: string): string {
  const [name, folder, above] = path.split(/[\\/]/).toReversed();
  return folder === "versions" ? above : name.replace(/\.\w+$/, "");
}

function tooFew(count: number): RecipeError {
  return new RecipeError(
    "there are too few pieces to hold some out",
    `${counted(count, "piece")}, of which some are to learn from and some to validate with`,
    "give more MIDI files, or raise data.validationFraction",
  );
}

function noMusic(advice: string): RecipeError {
  return new RecipeError("there is no music to learn from", "data.path and data.files are missing", advice);
}
