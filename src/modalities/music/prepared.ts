/** Steps 1 and 2 of a run on music: words as ids in the run's `data/`, a shard set a split, and where pieces begin. */
import { z } from "zod";
import { openShards, type TokenShards, writeShards } from "../../data/text/shards.js";
import type { Alphabet } from "../../features/music/alphabet.js";
import { endOfPiece, musicTokenizer } from "../../features/music/music-tokenizer.js";
import type { Tokenizer } from "../../features/tokenizer/tokenizer.js";
import { ShardError } from "../../files/errors.js";
import type { Folder } from "../../files/folder.js";
import { readPreparedIndex } from "../prepared-index.js";
import { alphabetOf } from "./alphabets.js";
import { type MusicSet, type SplitName, splitNames } from "./pieces.js";
import type { MusicRecipe } from "./recipe.js";
import { semitonesOf, voiceRanges } from "./transposition.js";

const number = z.int().nonnegative();
const piece = z.object({
  /** Of the word that ends the piece before. */
  start: number,
  /** Words with that one. */
  length: number,
  /** Semitones that it may be moved down and up. */
  down: number,
  up: number,
});
export type PieceEntry = z.output<typeof piece>;

const index = {
  file: "music.json",
  things: "pieces of music",
  schema: z.object({
    alphabet: z.string(),
    pieces: z.object({ train: z.array(piece), validation: z.array(piece), test: z.array(piece) }),
    leftOut: z.array(z.string()),
    notes: z.array(z.string()).default([]),
  }),
};

/** Pieces one after another, each after a word that ends the one before; one such word is last. */
export interface MusicSplit {
  readonly words: TokenShards;
  readonly pieces: readonly PieceEntry[];
}

export interface PreparedMusic extends Readonly<Record<SplitName, MusicSplit>> {
  /** Where it lies. */
  readonly location: string;
  readonly alphabet: Alphabet;
  readonly tokenizer: Tokenizer;
  readonly leftOut: readonly string[];
  readonly notes: readonly string[];
}

/** Writes a set into a run's `data/`. */
export async function writeMusic(set: MusicSet, { features }: MusicRecipe, folder: Folder): Promise<void> {
  const { alphabet, splits, leftOut, notes } = set;
  const tokenizer = musicTokenizer(alphabet);
  const ids = new Map([endOfPiece, ...alphabet.words].map((word) => [word, tokenizer.tokenToId(word)!]));
  const encode = (text: string) => Int32Array.from(text.split(" "), (word) => ids.get(word)!);
  const ranges = voiceRanges(alphabet, splits.train);
  const pieces: Record<string, PieceEntry[]> = {};
  await folder.remove(index.file);
  for (const name of splitNames) {
    pieces[name] = [];
    let start = 0;
    const texts = async function* () {
      for (const found of splits[name]) {
        const words = [endOfPiece, ...found.bars.flat()];
        const moves = semitonesOf(alphabet, found, ranges, features.transpose);
        pieces[name].push({ start, length: words.length, ...moves });
        start += words.length;
        yield { text: words.join(" "), isStart: false, isEnd: false };
      }
      yield { text: endOfPiece, isStart: false, isEnd: true };
    };
    await writeShards(folder.folder(name), texts(), encode, { vocabSize: tokenizer.vocabSize });
  }
  await folder.write(index.file, `${JSON.stringify({ alphabet: alphabet.name, pieces, leftOut, notes })}\n`);
}

/** Opens what `writeMusic` wrote. Throws `ShardError` where it is not whole. */
export async function openMusic(folder: Folder): Promise<PreparedMusic> {
  const { alphabet: name, pieces, leftOut, notes } = await readPreparedIndex(folder, index);
  const alphabet = alphabetOf(name);
  if (!alphabet) {
    throw new ShardError(
      "the prepared music is spelled in an unknown way",
      `${JSON.stringify(name)} in ${folder.location}/${index.file}`,
      "prepare the data again",
    );
  }
  const open = async (split: SplitName): Promise<MusicSplit> => ({
    words: await openShards(folder.folder(split)),
    pieces: pieces[split],
  });
  const [train, validation, test] = await Promise.all(splitNames.map(open));
  return {
    ...{ location: folder.location, alphabet, tokenizer: musicTokenizer(alphabet), leftOut, notes },
    ...{ train, validation, test },
  };
}

/** The words of a piece by their ids, after the one that ends the piece before. */
export async function wordsOf({ words }: MusicSplit, { start, length }: PieceEntry): Promise<Int32Array> {
  const ids = new Int32Array(length);
  await words.read(start, ids);
  return ids;
}

/** A piece's words as they are spelled, without the one that ends the piece before. */
export async function spelled(
  { tokenizer }: Pick<PreparedMusic, "tokenizer">,
  split: MusicSplit,
  piece: PieceEntry,
): Promise<string[]> {
  return Array.from((await wordsOf(split, piece)).subarray(1), (id) => tokenizer.idToToken(id)!);
}
