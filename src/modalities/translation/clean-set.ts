import { cleanPairs } from "../../data/translation/clean-pairs.js";
import { openPairs } from "../../data/translation/open-pairs.js";
import type { PairSet } from "../../data/translation/pair.js";
import { type Surroundings, watching } from "../modality.js";
import type { TranslationRecipe } from "./recipe.js";

/** Pairs that can be learned from. */
export interface CleanSet extends Omit<PairSet, "layout"> {
  /** What cleaning did, a phrase for each kind. */
  readonly notes: readonly string[];
}

/** Pairs of a place, in languages that are given or that the files say; see `openPairs` and `cleanPairs`. */
export async function openCleanSet(
  place: NonNullable<TranslationRecipe["data"]["pairs"]>,
  [sourceLanguage, targetLanguage]: readonly string[],
  around: Surroundings,
): Promise<CleanSet> {
  const set = await openPairs(place, { ...watching(around, "bytes read"), sourceLanguage, targetLanguage });
  const { pairs, report } = await cleanPairs(set.pairs);
  return { ...set, pairs, notes: report.phrases };
}
