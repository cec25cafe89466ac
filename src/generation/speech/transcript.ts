import { WORD_DELIMITER } from "../../features/tokenizer/ctc-vocabulary.js";
import { align } from "./align.js";
import type { BeamSearch } from "./beam.js";
import { type Emissions, FRAME_RATE } from "./emissions.js";
import { type Character, greedy } from "./greedy.js";
import { type EmittedUtterance, utterancesOf } from "./utterances.js";

/** A word, and when it was said, in seconds. */
export interface Word {
  readonly text: string;
  readonly start: number;
  readonly end: number;
  /** From 0 to 1: the geometric mean of its characters' probabilities. */
  readonly confidence: number;
  /** How many characters that is the mean of. */
  readonly characters: number;
}

/** What was said in a sound. */
export interface Transcript {
  readonly text: string;
  readonly words: readonly Word[];
  /** As of a word, over the characters of all words; of no words 0. */
  readonly confidence: number;
}

/** Peaks of CTC end before their sound does: by so many frames, where nothing follows sooner. */
const LINGERING = 3;

/**
 * The transcript by best path, or by a search, which hears a long sound in stretches (`utterancesOf`). Throws
 * `GenerationError` as these do.
 */
export function transcriptOf(
  emissions: Emissions,
  tokens: readonly string[],
  search?: BeamSearch,
): Transcript {
  const words = search
    ? utterancesOf(emissions).flatMap((utterance) => searched(utterance, tokens, search))
    : wordsOf(greedy(emissions), tokens, emissions.frames);
  return { text: textOf(words), words, confidence: confidenceOf(words) };
}

function searched(utterance: EmittedUtterance, tokens: readonly string[], search: BeamSearch): Word[] {
  const { firstFrame, frames } = utterance;
  const characters = align(utterance, search(utterance)[0].labels).map((character) => ({
    ...character,
    start: firstFrame + character.start,
    end: firstFrame + character.end,
  }));
  return wordsOf(characters, tokens, firstFrame + frames);
}

/** Words with a space between. */
export function textOf(words: readonly Word[]): string {
  return words.map(({ text }) => text).join(" ");
}

/** The geometric mean over all characters of words; 0 without a word. */
export function confidenceOf(words: readonly Word[]): number {
  const characters = words.reduce((sum, word) => sum + word.characters, 0);
  const logs = words.reduce((sum, word) => sum + word.characters * Math.log(word.confidence), 0);
  return characters === 0 ? 0 : Math.exp(logs / characters);
}

/**
 * The words that characters spell, `|` between them. A word ends where the next peak begins, and at the latest 60 ms
 * after its last one or with the last of `frames`.
 */
export function wordsOf(characters: readonly Character[], tokens: readonly string[], frames: number): Word[] {
  const words: Word[] = [];
  for (let first = 0; first < characters.length; first++) {
    if (tokens[characters[first].id] === WORD_DELIMITER) continue;
    let end = first + 1;
    while (end < characters.length && tokens[characters[end].id] !== WORD_DELIMITER) end++;
    const until = Math.min(characters[end - 1].end + LINGERING, characters[end]?.start ?? frames, frames);
    words.push(wordOf(characters.slice(first, end), tokens, until));
    first = end;
  }
  return words;
}

function wordOf(characters: readonly Character[], tokens: readonly string[], until: number): Word {
  const logs = characters.reduce((sum, { logProbability }) => sum + logProbability, 0);
  return {
    text: characters.map(({ id }) => tokens[id]).join(""),
    start: characters[0].start / FRAME_RATE,
    end: until / FRAME_RATE,
    confidence: Math.exp(logs / characters.length),
    characters: characters.length,
  };
}
