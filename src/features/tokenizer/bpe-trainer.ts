import { pauses, type Watching } from "../../core/watching.js";
import { numberSpecialTokens } from "./added-tokens.js";
import { BpeTokenizer } from "./bpe.js";
import { BYTE_CHARACTERS, BYTE_ORDER } from "./byte-alphabet.js";
import { grown } from "./growing-array.js";
import { PairCounts } from "./pair-counts.js";
import { eachPiece, type Pieces, TokenizerError } from "./tokenizer.js";
import { wordEnd } from "./word-splitter.js";
import { WordTable } from "./word-table.js";

/** Progress is in merges; while the text is read, its reader can tell. */
export interface BpeTrainingOptions extends Watching {
  /** All tokens together: 256 bytes, merges, special tokens. */
  vocabSize: number;
  /** They get the last ids. Where the text has them, they part it like the border of two pieces. */
  specialTokens?: readonly string[];
  /** A pair that is rarer is not merged. */
  minFrequency?: number;
}

/**
 * Learns a byte-level BPE vocabulary: merges the most frequent pair of tokens inside words, again and
 * again. Of equally frequent pairs the one with the lowest ids is merged first, as in Hugging Face's
 * trainer, so equal counts of words give equal vocabularies. Keeps word counts, not the text. Stops early
 * when the text has no more pairs. Throws `TokenizerError` for a vocabulary without room for the bytes.
 * [Sennrich et al. 2016, arXiv:1508.07909]
 */
export async function trainBpe(pieces: Pieces, options: BpeTrainingOptions): Promise<BpeTokenizer> {
  const specials = options.specialTokens ?? [];
  const numMerges = options.vocabSize - BYTE_ORDER.length - specials.length;
  if (!Number.isInteger(numMerges) || numMerges < 0) {
    throw new TokenizerError(
      "the vocabulary is too small for a byte-level tokenizer",
      `vocabSize ${options.vocabSize}, special tokens ${specials.length}`,
      `ask for ${BYTE_ORDER.length + specials.length} tokens or more: one a byte, one a special token`,
    );
  }
  numberSpecialTokens(specials, 0); // fails before the text is read
  const pause = pauses(options.signal);
  const words = await countWords(pieces, specials, pause);
  const pairs = new PairCounts();
  await addWords(words, pairs, pause);
  const { tokens, merges } = await learnMerges(pairs, numMerges, options, pause);
  return new BpeTokenizer({
    vocabulary: new Map(tokens.map((token, id) => [token, id])),
    merges,
    addedTokens: numberSpecialTokens(specials, tokens.length).all,
  });
}

const WORDS_A_TURN = 4096;

/** How often each word occurs, and the words themselves. */
interface WordCounts {
  table: WordTable;
  counts: Float64Array;
}

type Pause = ReturnType<typeof pauses>;

async function countWords(
  pieces: Pieces,
  specialTokens: readonly string[],
  pause: Pause,
): Promise<WordCounts> {
  const specials = numberSpecialTokens(specialTokens, 0);
  const table = new WordTable();
  let counts = new Float64Array(1 << 12);
  for await (const text of eachPiece(pieces)) {
    await pause();
    const countStretch = (start: number, end: number) => {
      for (let at = start; at < end; ) {
        const stop = wordEnd(text, at, end);
        const word = table.add(text, at, stop);
        if (word >= counts.length) counts = grown(counts, Float64Array, word + 1);
        counts[word] = counts[word] + 1;
        at = stop;
      }
    };
    specials.split(text, countStretch, () => {});
  }
  return { table, counts };
}

/** Gives every different word to the pair counts, as ids of its bytes. */
async function addWords({ table, counts }: WordCounts, pairs: PairCounts, pause: Pause): Promise<void> {
  const idOfByte = new Int32Array(BYTE_ORDER.length);
  for (const [id, byte] of BYTE_ORDER.entries()) idOfByte[byte] = id;
  const utf8 = new TextEncoder();
  for (let word = 0; word < table.size; word++) {
    const ids = Int32Array.from(utf8.encode(table.word(word)), (byte) => idOfByte[byte]);
    pairs.addWord(ids, counts[word]);
    if (word % WORDS_A_TURN === 0) await pause();
  }
}

async function learnMerges(
  pairs: PairCounts,
  numMerges: number,
  { minFrequency = 2, onProgress }: BpeTrainingOptions,
  pause: Pause,
) {
  const tokens = BYTE_ORDER.map((byte) => BYTE_CHARACTERS[byte]);
  const idOf = new Map(tokens.map((token, id) => [token, id]));
  const merges: [string, string][] = [];
  while (tokens.length < BYTE_ORDER.length + numMerges) {
    const pausing = pause();
    if (pausing) {
      await pausing;
      onProgress?.(merges.length, numMerges);
    }
    const best = pairs.mostFrequent(minFrequency);
    if (best === undefined) break;
    const [first, second] = [tokens[best.first], tokens[best.second]];
    // Two merges may spell the same token; it keeps its first id.
    const id = idOf.get(first + second) ?? tokens.length;
    if (id === tokens.length) {
      tokens.push(first + second);
      idOf.set(first + second, id);
    }
    merges.push([first, second]);
    pairs.merge(best.pair, id);
  }
  onProgress?.(numMerges, numMerges);
  return { tokens, merges };
}
