import { baseLanguage } from "./languages.js";
import type { Pair, Sentence } from "./pair.js";
import { sentenceKey } from "./sentence-key.js";

/**
 * Pairs or sentences to learn from, without those of which a text is, but for case, numbers and spacing, one that is held
 * out; `removed` counts them.
 */
export function removeLeaks<T extends Pair | Sentence>(
  train: readonly T[],
  heldOut: readonly Pair[],
): { kept: T[]; removed: number } {
  const held = new Set(heldOut.flatMap(keysOf));
  const kept = train.filter((one) => !keysOf(one).some((key) => held.has(key)));
  return { kept, removed: train.length - kept.length };
}

function keysOf(one: Pair | Sentence): string[] {
  const texts =
    "text" in one
      ? [[one.language, one.text]]
      : [
          [one.sourceLanguage, one.source],
          [one.targetLanguage, one.target],
        ];
  return texts.map(([language, text]) => `${baseLanguage(language)} ${sentenceKey(text)}`);
}
