/** Stands before the first word: a context, never predicted. The markers are those of ARPA files. */
export const START_OF_SENTENCE = "<s>";
/** Follows the last word. */
export const END_OF_SENTENCE = "</s>";
/** Stands for every word that the model has not seen. */
export const UNKNOWN_WORD = "<unk>";

/** What a model without `<unk>` gives unknown words (KenLM's number): log10. */
const LOG_OF_NOTHING = -100;

/** Of an n-gram: log10 of the last word's probability after the others, and of the weight of backing off from it. */
export interface NgramEntry {
  readonly logProbability: number;
  readonly backoff: number;
}

/** A model of words by back-off, as an ARPA file defines it; log10 as there. */
export class NgramModel {
  constructor(
    /** For n from 1 up, the n-grams with a space between words. */
    readonly orders: readonly ReadonlyMap<string, NgramEntry>[],
  ) {}

  /** The longest n. */
  get order(): number {
    return this.orders.length;
  }

  /** Whether it has seen a word. */
  has(word: string): boolean {
    return this.orders[0].has(word);
  }

  /** All words, without the markers. */
  words(): string[] {
    const markers = [START_OF_SENTENCE, END_OF_SENTENCE, UNKNOWN_WORD];
    return [...this.orders[0].keys()].filter((word) => !markers.includes(word));
  }

  /** log10 of the probability of `word` after `context`, of which the last words count. */
  logProbability(context: readonly string[], word: string): number {
    const longest = this.order - 1;
    const history = longest === 0 ? [] : context.slice(-longest).map((known) => this.known(known));
    const last = this.known(word);
    let backoff = 0;
    for (let from = 0; from <= history.length; from++) {
      const words = history.slice(from);
      const entry = this.orders[words.length].get([...words, last].join(" "));
      if (entry !== undefined) return backoff + entry.logProbability;
      if (words.length > 0) backoff += this.orders[words.length - 1].get(words.join(" "))?.backoff ?? 0;
    }
    return LOG_OF_NOTHING;
  }

  /** log10 of the probability of a whole text, words with a space between, and its end. */
  textLogProbability(text: string): number {
    const words = [START_OF_SENTENCE, ...text.split(" ").filter(Boolean), END_OF_SENTENCE];
    let sum = 0;
    for (let at = 1; at < words.length; at++)
      sum += this.logProbability(words.slice(Math.max(0, at - this.order), at), words[at]);
    return sum;
  }

  private known(word: string): string {
    return this.has(word) ? word : UNKNOWN_WORD;
  }
}
