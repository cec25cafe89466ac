/** What a recipe's music is: pieces in words, in splits. */
import { readChorales } from "../../data/music/chorales.js";
import type { Alphabet, WordedPiece } from "../../features/music/alphabet.js";
import { choraleBars } from "../../features/music/chorale-words.js";
import { RecipeError } from "../../recipe/errors.js";
import type { Surroundings } from "../modality.js";
import { alphabetOf } from "./alphabets.js";
import type { MusicRecipe } from "./recipe.js";

export const splitNames = ["train", "validation", "test"] as const;
export type SplitName = (typeof splitNames)[number];

/** Pieces of music, read and spelled. */
export interface MusicSet {
  readonly alphabet: Alphabet;
  readonly splits: Readonly<Record<SplitName, readonly WordedPiece[]>>;
  /** What of the files is not learned from, a phrase a kind. */
  readonly leftOut: readonly string[];
}

/** Reads everything. Throws `RecipeError` where nothing is named, and what reading throws. */
export async function readMusic(recipe: MusicRecipe, _around: Surroundings): Promise<MusicSet> {
  const { data, features } = recipe;
  const alphabet = alphabetOf(features.kind)!;
  if (data.path === undefined) throw noMusic(features.kind);
  const set = await readChorales(data.path);
  const worded = (grids: readonly Int8Array[]) =>
    grids.map((grid) => ({ bars: choraleBars(grid), leftOut: [] }));
  const splits = { train: worded(set.train), validation: worded(set.validation), test: worded(set.test) };
  return { alphabet, splits, leftOut: [] };
}

function noMusic(kind: string): RecipeError {
  return new RecipeError(
    "there is no music to learn from",
    "data.path is missing",
    kind === "chorales"
      ? "give --data.path jsb-chorales.zip, the archive of czhuang/JSB-Chorales-dataset"
      : 'give --data.files "midi/**/*.mid", or a folder or zip of MIDI files as --data.path',
  );
}
