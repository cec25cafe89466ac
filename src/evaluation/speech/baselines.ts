import { type ErrorRate, errorRate, type Unit } from "./error-rate.js";

/** What is written for every recording without hearing any, and its errors. */
export interface Baseline {
  readonly text: string;
  readonly words: ErrorRate;
  readonly letters: ErrorRate;
}

/** The errors of a text that is written for every recording, whatever is said in it. */
export function baselineOf(text: string, references: readonly string[]): Baseline {
  const rate = (unit: Unit) =>
    errorRate(
      references.map((reference) => ({ reference, hypothesis: text })),
      unit,
    );
  return { text, words: rate("word"), letters: rate("character") };
}

/** The word that texts have most often, of equally frequent ones the first; none where nothing is said: "". */
export function mostFrequentWord(texts: readonly string[]): string {
  const counts = new Map<string, number>();
  for (const word of texts.flatMap((text) => text.split(/\s+/).filter(Boolean)))
    counts.set(word, (counts.get(word) ?? 0) + 1);
  let [best, most] = ["", 0];
  for (const [word, count] of counts) if (count > most) [best, most] = [word, count];
  return best;
}
