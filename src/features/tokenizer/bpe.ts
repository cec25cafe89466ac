import type { RandomStream } from "../../core/random.js";
import { type AddedToken, withAddedTokens } from "./added-tokens.js";
import { BYTE_CHARACTERS, tokenToBytes } from "./byte-alphabet.js";
import { IdBuffer } from "./id-buffer.js";
import { Merges } from "./merges.js";
import { TokenizerError } from "./tokenizer.js";
import { byteLevel, digitsThenWords, tokenizerJson } from "./tokenizer-json.js";
import { VocabularyTokenizer } from "./vocabulary-tokenizer.js";
import { WordCache } from "./word-cache.js";
import { characterEnd, nextNumber, wordEnd } from "./word-splitter.js";

const UTF8 = new TextEncoder();

/** Bytes of the words that there is room for at all times. */
const SCRATCH = 256;

/** What defines a byte-level BPE tokenizer. */
export interface BpeParts {
  /** Token strings in GPT-2's byte alphabet with their ids; a text with a byte that it lacks is refused. */
  vocabulary: ReadonlyMap<string, number>;
  /** Pairs of token strings in the order they were learned. */
  merges: readonly (readonly [string, string])[];
  addedTokens?: readonly AddedToken[];
  /** Whether each digit, of any script, is cut out before words are, as in SmolLM; default false. */
  digitsApart?: boolean;
  /** The special token that ends a document; by default the first usual name, `<|endoftext|>` above all. */
  endOfText?: string;
  /** The file this came from, for messages. */
  source?: string;
  config?: Readonly<Record<string, unknown>>;
}

/**
 * Byte-level byte-pair encoding as in GPT-2: any text has an encoding, and no unknown token is needed.
 * [Radford et al. 2019; merges: Sennrich et al. 2016, arXiv:1508.07909]
 */
export class BpeTokenizer extends VocabularyTokenizer {
  /** The merges in use, for those who measure them. */
  readonly merges: Merges;
  private readonly byteIds: Int32Array;
  private readonly lacksBytes: boolean;
  private readonly cache = new WordCache();
  private scratch = new Int32Array(SCRATCH);

  /** Throws `TokenizerError` for ids with gaps, and merges of tokens that do not exist. */
  constructor(private readonly parts: BpeParts) {
    const { addedTokens = [], endOfText, source = "vocabulary", config } = parts;
    const idOf = withAddedTokens(parts.vocabulary, addedTokens, source);
    super({ idOf, addedTokens, bytesOf: tokenToBytes, endOfText, source, config });
    this.byteIds = Int32Array.from(BYTE_CHARACTERS, (c) => idOf.get(c) ?? -1);
    this.lacksBytes = this.byteIds.includes(-1);
    this.merges = buildMerges(parts.merges, idOf, source);
  }

  /** Throws `TokenizerError` for a text with a byte that the vocabulary lacks. */
  encode(text: string): Int32Array {
    return this.encodeBy(text);
  }

  /**
   * Ids of a text in pieces that differ from time to time: before each merge, each pair is left out by the chance `rate`,
   * and a word stays as it is once all are. A rate of 0 gives `encode`, 1 bytes. Throws `TokenizerError` for other
   * rates. [BPE-dropout: Provilkov et al. 2020, algorithm 1]
   */
  encodeWithDropout(text: string, rate: number, random: RandomStream): Int32Array {
    if (!(rate >= 0 && rate <= 1)) {
      throw new TokenizerError(
        "a rate of dropout is no share",
        `${rate}`,
        "give a number from 0 to 1, such as 0.1",
      );
    }
    const threshold = rate * 2 ** 32;
    return this.encodeBy(text, () => random.uint32() < threshold);
  }

  toJSON(): object {
    return tokenizerJson({
      addedTokens: this.added,
      preTokenizer: this.parts.digitsApart ? digitsThenWords : byteLevel(true),
      decoder: byteLevel(true),
      vocab: Object.fromEntries(this.tokens.map((token, id) => [token, id])),
      merges: this.parts.merges.map(([first, second]) => `${first} ${second}`),
    });
  }

  private encodeBy(text: string, isDropped?: () => boolean): Int32Array {
    const ids = new IdBuffer(text.length >> 2);
    this.added.split(
      text,
      (start, end) => this.encodeStretch(text, start, end, ids, isDropped),
      (id) => ids.push(id),
    );
    return ids.toArray();
  }

  private encodeStretch(
    text: string,
    start: number,
    end: number,
    ids: IdBuffer,
    isDropped?: () => boolean,
  ): void {
    if (this.lacksBytes) this.requireBytes(text.slice(start, end));
    for (let at = start; at < end; ) {
      const number = this.parts.digitsApart ? nextNumber(text, at, end) : end;
      this.encodeWords(text, at, number, ids, isDropped);
      at = characterEnd(text, number, end);
      this.encodeWords(text, number, at, ids, isDropped);
    }
  }

  private requireBytes(text: string): void {
    if (UTF8.encode(text).every((byte) => this.byteIds[byte] >= 0)) return;
    const lacking = [...text].find((character) =>
      UTF8.encode(character).some((byte) => this.byteIds[byte] < 0),
    );
    throw new TokenizerError(
      "the text has a part that the tokenizer's vocabulary lacks",
      `${JSON.stringify(lacking)}; no token stands for one of its bytes`,
      "leave that part out",
    );
  }

  private encodeWords(
    text: string,
    start: number,
    end: number,
    ids: IdBuffer,
    isDropped?: () => boolean,
  ): void {
    for (let at = start; at < end; ) {
      const stop = wordEnd(text, at, end);
      const isRemembered = !isDropped && stop - at <= WordCache.LONGEST_WORD;
      if (isRemembered) this.encodeWord(text, at, stop, ids);
      else this.encodeAnew(text, at, stop, ids, isDropped);
      at = stop;
    }
  }

  private encodeWord(text: string, start: number, end: number, ids: IdBuffer): void {
    const { cache } = this;
    let entry = cache.find(text, start, end);
    if (entry < 0) {
      const length = this.mergeWord(text, start, end);
      entry = cache.store(text, start, end, this.scratch, length);
    }
    ids.append(cache.ids, cache.idsStart(entry), cache.idsEnd(entry));
  }

  private encodeAnew(
    text: string,
    start: number,
    end: number,
    ids: IdBuffer,
    isDropped?: () => boolean,
  ): void {
    const length = this.mergeWord(text, start, end, isDropped);
    ids.append(this.scratch, 0, length);
    // Let go of what a very long word needed.
    if (this.scratch.length > SCRATCH) this.scratch = new Int32Array(SCRATCH);
  }

  /** Writes a word's ids to `scratch`; returns how many. */
  private mergeWord(text: string, start: number, end: number, isDropped?: () => boolean): number {
    const bytes = UTF8.encode(text.slice(start, end));
    if (bytes.length > this.scratch.length) this.scratch = new Int32Array(bytes.length);
    for (let i = 0; i < bytes.length; i++) this.scratch[i] = this.byteIds[bytes[i]];
    return this.merges.apply(this.scratch, bytes.length, isDropped);
  }
}

function buildMerges(pairs: BpeParts["merges"], idOf: ReadonlyMap<string, number>, source: string): Merges {
  const merges = new Merges();
  for (const [rank, [first, second]] of pairs.entries()) {
    const ids = [first, second, first + second].map((token) => idOf.get(token));
    const unknown = ids.indexOf(undefined);
    if (unknown >= 0) {
      throw new TokenizerError(
        "a merge names a token that the vocabulary does not have",
        `${source}: merge ${rank} (${first} ${second}) needs ${JSON.stringify([first, second, first + second][unknown])}`,
        "vocabulary and merges must come from one tokenizer. Fetch both files again",
      );
    }
    if (!merges.add(ids[0]!, ids[1]!, ids[2]!)) {
      throw new TokenizerError(
        "a merge is listed twice",
        `${source}: merge ${rank} (${first} ${second})`,
        "each pair has one rank. Fetch the file again, or export the tokenizer anew",
      );
    }
  }
  return merges;
}
