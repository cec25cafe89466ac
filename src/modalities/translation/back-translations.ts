/** Pairs whose sources a model made up from sentences that people wrote (Sennrich et al. 2016). */
import { counted } from "../../core/quantities.js";
import { removeLeaks } from "../../data/translation/leaks.js";
import type { Pair } from "../../data/translation/pair.js";
import type { PreparedPair } from "../../data/translation/prepared-pairs.js";
import { backTranslationToken } from "../../features/tokenizer/translation-tokens.js";
import { RecipeError } from "../../recipe/errors.js";
import type { Surroundings } from "../modality.js";
import { type CleanSet, openCleanSet } from "./clean-set.js";
import { withPlaceholderTokens } from "./placeholders.js";
import type { TranslationRecipe } from "./recipe.js";

/** What is learned from beside pairs of people. */
export interface BackTranslations {
  /** The made-up side is the source, and begins with the tag (Caswell et al. 2019). */
  readonly pairs: readonly PreparedPair[];
  readonly notes: readonly string[];
  readonly leftOut: readonly string[];
}

/**
 * Those of all files of a recipe, without what is held out. Throws `RecipeError` where they are of another direction than
 * those that are learned, and what reading throws.
 */
export async function openBackTranslations(
  { backTranslations = [], directions }: TranslationRecipe["data"],
  learned: CleanSet,
  heldOut: readonly Pair[],
  around: Surroundings,
): Promise<BackTranslations> {
  const pairs: PreparedPair[] = [];
  const notes: string[] = [];
  const leftOut: string[] = [];
  for (const file of [backTranslations].flat()) {
    const set = await openCleanSet(file, [], around);
    requireDirection(file, set, learned, directions);
    const { kept, removed } = removeLeaks(set.pairs, heldOut);
    for (const pair of kept) pairs.push(tagged(withPlaceholderTokens(pair)));
    notes.push(`${counted(kept.length, "back-translation")} into ${set.targetLanguage} from ${file}`);
    notes.push(...set.notes.map((phrase) => `${file}: ${phrase}`));
    leftOut.push(...set.leftOut.map((phrase) => `${phrase} in ${file}`));
    if (removed > 0) leftOut.push(`${removed} in ${file} that are held out as well`);
  }
  return { pairs, notes, leftOut };
}

const tagged = (pair: PreparedPair): PreparedPair => ({
  ...pair,
  source: `${backTranslationToken}${pair.source}`,
});

function requireDirection(
  file: string,
  found: CleanSet,
  { sourceLanguage, targetLanguage }: CleanSet,
  directions: TranslationRecipe["data"]["directions"],
): void {
  const forward = `${sourceLanguage} to ${targetLanguage}`;
  const learned = directions === "both" ? [forward, `${targetLanguage} to ${sourceLanguage}`] : [forward];
  const direction = `${found.sourceLanguage} to ${found.targetLanguage}`;
  if (learned.includes(direction)) return;
  throw new RecipeError(
    "back-translations are of a direction that is not learned",
    `${file}: ${direction}; learned: ${learned.join(", ")}`,
    "give those whose made-up side, which stands first, is in a language that is translated from",
  );
}
