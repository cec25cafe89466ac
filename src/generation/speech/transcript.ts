import { WORD_DELIMITER } from "../../features/tokenizer/ctc-vocabulary.js";
import { align } from "./align.js";
import type { BeamSearch } from "./beam.js";
import { type EmissionParts, FRAME_RATE } from "./emissions.js";
import { type Character, greedy, longer } from "./greedy.js";
import { utterancesOf } from "./utterances.js";

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
 * The transcript of emissions, stretch after stretch, by best path, or by a search, which cuts them anew (`utterancesOf`).
 * Throws `GenerationError` as these do.
 */
export async function transcriptOf(
  parts: EmissionParts,
  tokens: readonly string[],
  search?: BeamSearch,
): Promise<Transcript> {
  const words = search ? await searched(parts, tokens, search) : await onBestPath(parts, tokens);
  return { text: textOf(words), words, confidence: confidenceOf(words) };
}

/** Letters are held until their word is complete: of hours there are many. */
async function onBestPath(parts: EmissionParts, tokens: readonly string[]): Promise<Word[]> {
  const words: Word[] = [];
  const open: Character[] = [];
  let frames = 0;
  for await (const part of parts) {
    for (const character of greedy(part).map((each) => later(each, frames))) {
      const last = open.at(-1);
      const isOne = last?.id === character.id && last.end === character.start;
      open.push(isOne ? longer(open.pop()!, character) : character);
    }
    frames += part.frames;
    const complete = open.findLastIndex(({ id }) => tokens[id] === WORD_DELIMITER) + 1;
    words.push(...wordsOf(open.splice(0, complete), tokens, frames));
  }
  return [...words, ...wordsOf(open, tokens, frames)];
}

async function searched(
  parts: EmissionParts,
  tokens: readonly string[],
  search: BeamSearch,
): Promise<Word[]> {
  const words: Word[] = [];
  for await (const utterance of utterancesOf(parts)) {
    const { firstFrame, frames } = utterance;
    const characters = align(utterance, search(utterance)[0].labels);
    words.push(
      ...wordsOf(
        characters.map((each) => later(each, firstFrame)),
        tokens,
        firstFrame + frames,
      ),
    );
  }
  return words;
}

function later(character: Character, frames: number): Character {
  return { ...character, start: frames + character.start, end: frames + character.end };
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
