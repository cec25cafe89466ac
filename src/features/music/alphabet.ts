/** Music as words: what a decoder reads and writes in place of a text. */
import type { Score } from "../../data/music/score.js";

/** A piece in words, bar after bar. */
export interface WordedPiece {
  readonly bars: readonly (readonly string[])[];
  /** What of the piece its words do not say, a phrase a kind. */
  readonly leftOut: readonly string[];
}

/** Says word after word which kinds of word may follow, so that what a model writes is music. */
export interface MusicGrammar {
  /** Whether the word may come next. */
  allows(word: string): boolean;
  /** Takes the word that came. */
  accept(word: string): void;
  /** Whether the music may end here. */
  readonly mayEnd: boolean;
}

/** How music is spelled. */
export interface Alphabet {
  readonly name: "chorales" | "remi";
  readonly words: readonly string[];
  /** The word that begins each bar, and nothing else. */
  readonly barWord: string;
  /** Throws `MusicError` for music that the words cannot say. */
  encode(score: Score): WordedPiece;
  /** Throws `MusicError` for words that do not follow each other. */
  decode(words: readonly string[]): Score;
  /** A word so many semitones higher: itself where it has no pitch, nothing where there is no such word. */
  transposed(word: string, semitones: number): string | undefined;
  grammar(): MusicGrammar;
}
