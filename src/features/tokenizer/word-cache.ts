import { grown } from "./growing-array.js";
import { WordTable } from "./word-table.js";

/**
 * The ids of words already encoded. Bounded: once it holds `MAX_WORDS` words or `MAX_IDS` ids it starts
 * over, which costs little, as the frequent words come back at once.
 */
export class WordCache {
  /** Longer words, in UTF-16 units, are not worth remembering. */
  static readonly LONGEST_WORD = 64;
  private static readonly MAX_WORDS = 1 << 17;
  private static readonly MAX_IDS = 1 << 21;

  /** The ids of all words, one after another. */
  ids = new Int32Array(1 << 12);
  private starts = new Int32Array(1 << 11);
  private words = new WordTable();

  /** The entry of a word, or -1; a word that is not found must be stored next. */
  find(text: string, start: number, end: number): number {
    const known = this.words.size;
    const entry = this.words.add(text, start, end);
    return entry < known ? entry : -1;
  }

  /** Stores the ids of the word that `find` has just missed; returns its entry. */
  store(text: string, start: number, end: number, ids: Int32Array, length: number): number {
    if (this.words.size > WordCache.MAX_WORDS || this.starts[this.words.size - 1] > WordCache.MAX_IDS) {
      this.words.clear();
      this.words.add(text, start, end);
    }
    const entry = this.words.size - 1;
    const from = this.starts[entry];
    if (entry + 2 > this.starts.length) this.starts = grown(this.starts, Int32Array, entry + 2);
    if (from + length > this.ids.length) this.ids = grown(this.ids, Int32Array, from + length);
    for (let i = 0; i < length; i++) this.ids[from + i] = ids[i];
    this.starts[entry + 1] = from + length;
    return entry;
  }

  idsStart(entry: number): number {
    return this.starts[entry];
  }

  idsEnd(entry: number): number {
    return this.starts[entry + 1];
  }
}
