import { GenerationError } from "../errors.js";
import { END_OF_SENTENCE, type NgramEntry, NgramModel, START_OF_SENTENCE, UNKNOWN_WORD } from "./ngram.js";

/** Discounts of n-grams seen once, twice, and more often, where counts are too few to estimate them (KenLM's). */
const FALLBACK_DISCOUNTS: Discounts = [0, 0.5, 1, 1.5];

type Counts = Map<string, number>;
type Discounts = readonly [number, number, number, number];

/** What the n-grams of one context share: the sum of their counts, and how much of it discounts leave over. */
interface Context {
  total: number;
  left: number;
}

/**
 * Trains interpolated modified Kneser-Ney (Chen and Goodman 1998) on normalised texts, a sentence each: KenLM's
 * `lmplz --discount_fallback` in numbers. Throws `GenerationError` without a word, and for texts with `<s>`, `</s>`
 * or `<unk>`.
 */
export function trainNgrams(texts: Iterable<string>, order: number): NgramModel {
  if (!Number.isInteger(order) || order < 1) {
    throw new GenerationError("the order of the model is none", `${order}`, "give a whole number from 1 on");
  }
  const counts = adjusted(rawCounts(texts, order));
  const orders: Map<string, NgramEntry>[] = [];
  for (const [n, ngrams] of counts.entries()) orders.push(entriesOf(ngrams, counts[n + 1], orders.at(-1)));
  return new NgramModel(orders);
}

/** How often each n-gram occurs, by n. */
function rawCounts(texts: Iterable<string>, order: number): Counts[] {
  const counts = Array.from({ length: order }, (): Counts => new Map());
  for (const text of texts) {
    const words = text.split(/\s+/).filter(Boolean);
    requireNoMarkers(words, text);
    const sentence = [START_OF_SENTENCE, ...words, END_OF_SENTENCE];
    for (const [n, ngrams] of counts.entries()) {
      for (let at = 0; at + n < sentence.length; at++) {
        const ngram = sentence.slice(at, at + n + 1).join(" ");
        ngrams.set(ngram, (ngrams.get(ngram) ?? 0) + 1);
      }
    }
  }
  counts[0].delete(START_OF_SENTENCE); // it follows nothing
  if (counts[0].size > 1) return counts;
  throw new GenerationError("there are no words to learn from", "texts without any", "give texts with words");
}

/** Below the highest order, counts of how many different words stand before; nothing stands before `<s>`. */
function adjusted(raw: readonly Counts[]): Counts[] {
  return raw.map((ngrams, n) => {
    if (n === raw.length - 1) return ngrams;
    const before: Counts = new Map();
    for (const ngram of raw[n + 1].keys()) {
      const end = ngram.slice(ngram.indexOf(" ") + 1);
      before.set(end, (before.get(end) ?? 0) + 1);
    }
    const startsAnew = (ngram: string) => ngram.startsWith(`${START_OF_SENTENCE} `);
    return new Map(
      [...ngrams].map(([ngram, count]) => [ngram, startsAnew(ngram) ? count : before.get(ngram)!]),
    );
  });
}

/** Entries of one order from its counts, those of the next, which say how much is left for it, and the entries below. */
function entriesOf(
  ngrams: Counts,
  longer: Counts | undefined,
  shorter: ReadonlyMap<string, NgramEntry> | undefined,
): Map<string, NgramEntry> {
  const discounts = discountsOf(ngrams);
  const contexts = contextsOf(ngrams, discounts);
  const next = longer && contextsOf(longer, discountsOf(longer));
  const uniform = 1 / (ngrams.size + 1); // over all words, <unk> and the end
  const entries = new Map<string, NgramEntry>();
  const add = (ngram: string, count: number) => {
    const words = ngram.split(" ");
    const { total, left } = contexts.get(words.slice(0, -1).join(" "))!;
    const below = shorter ? 10 ** shorter.get(words.slice(1).join(" "))!.logProbability : uniform;
    const probability = (count - discounts[Math.min(count, 3)] + left * below) / total;
    entries.set(ngram, { logProbability: Math.log10(probability), backoff: backoffOf(ngram) });
  };
  const backoffOf = (ngram: string) => {
    const context = next?.get(ngram);
    return context === undefined ? 0 : Math.log10(context.left / context.total);
  };
  if (!shorter) {
    add(UNKNOWN_WORD, 0);
    // Never predicted: SRILM's number.
    entries.set(START_OF_SENTENCE, { logProbability: -99, backoff: backoffOf(START_OF_SENTENCE) });
  }
  for (const [ngram, count] of ngrams) add(ngram, count);
  return entries;
}

function contextsOf(ngrams: Counts, discounts: Discounts): Map<string, Context> {
  const contexts = new Map<string, Context>();
  for (const [ngram, count] of ngrams) {
    const name = ngram.slice(0, Math.max(0, ngram.lastIndexOf(" ")));
    const context = contexts.get(name) ?? { total: 0, left: 0 };
    context.total += count;
    context.left += discounts[Math.min(count, 3)];
    contexts.set(name, context);
  }
  return contexts;
}

/** Chen and Goodman's equation 26, from how many n-grams have the counts 1 to 4. */
function discountsOf(ngrams: Counts): Discounts {
  const having = [0, 0, 0, 0, 0];
  for (const count of ngrams.values()) if (count <= 4) having[count]++;
  const y = having[1] / (having[1] + 2 * having[2]);
  const discount = (k: number) => k - ((k + 1) * y * having[k + 1]) / having[k];
  const discounts: Discounts = [0, discount(1), discount(2), discount(3)];
  const isUsable = discounts.every((d, k) => d >= 0 && d <= k);
  return isUsable && having[1] * having[2] * having[3] > 0 ? discounts : FALLBACK_DISCOUNTS;
}

function requireNoMarkers(words: readonly string[], text: string): void {
  const markers = [START_OF_SENTENCE, END_OF_SENTENCE, UNKNOWN_WORD];
  if (!words.some((word) => markers.includes(word))) return;
  throw new GenerationError(
    "a text has a word that the model keeps for itself",
    JSON.stringify(text.slice(0, 80)),
    `take ${markers.join(", ")} out of it`,
  );
}
