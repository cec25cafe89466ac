/** Words out of order and words that are missing (Lample et al. 2018, "Unsupervised machine translation", section 2.3). */
import type { RandomStream } from "../../core/random.js";

/** How a sentence is spoiled. */
export interface LocalShuffleOptions {
  /** How many places a word moves at most, counted without the words that are dropped; default 3. */
  readonly distance?: number;
  /** How often a word is dropped; default 0.1. One is always left. */
  readonly drop?: number;
  /** Whether a token begins a word, whose tokens stay together; by default each does. */
  readonly startsWord?: (id: number) => boolean;
}

/** A sentence with some words dropped and the others a little out of order; what is to be told is the sentence. */
export function localShuffle(
  ids: ArrayLike<number>,
  { distance = 3, drop = 0.1, startsWord = () => true }: LocalShuffleOptions,
  random: RandomStream,
): Int32Array {
  const words = wordsOf(ids, startsWord);
  const spare = words.length > 0 ? random.integer(words.length) : 0;
  const isKept = words.map(() => random.uniform() >= drop);
  const kept = isKept.includes(true) ? words.filter((_, i) => isKept[i]) : words.slice(spare, spare + 1);
  const keys = kept.map((_, i) => i + (distance + 1) * random.uniform());
  const order = [...kept.keys()].sort((a, b) => keys[a] - keys[b]);
  return Int32Array.from(order.flatMap((i) => kept[i]));
}

function wordsOf(ids: ArrayLike<number>, startsWord: (id: number) => boolean): number[][] {
  const words: number[][] = [];
  for (const id of Array.from(ids)) {
    if (words.length === 0 || startsWord(id)) words.push([id]);
    else words[words.length - 1].push(id);
  }
  return words;
}
