/** Step 1 of a run on translation: sentences and pairs of the places that a recipe names, cleaned and split. */
import { heldOutKeys } from "../../data/held-out-keys.js";
import { removeLeaks } from "../../data/translation/leaks.js";
import { openMonolingual } from "../../data/translation/monolingual.js";
import type { Pair, Sentence } from "../../data/translation/pair.js";
import type { PreparedPair } from "../../data/translation/prepared-pairs.js";
import { sentenceKey } from "../../data/translation/sentence-key.js";
import { splitPairs } from "../../data/translation/split-pairs.js";
import { RecipeError } from "../../recipe/errors.js";
import { type Surroundings, watching } from "../modality.js";
import { openBackTranslations } from "./back-translations.js";
import { type CleanSet, openCleanSet } from "./clean-set.js";
import { withPlaceholderTokens } from "./placeholders.js";
import type { TranslationRecipe } from "./recipe.js";

/** What was found, before anything is written. */
export interface GatheredSentences {
  readonly train: readonly PreparedPair[];
  /** Their sources begin with the tag. */
  readonly backTranslations: readonly PreparedPair[];
  readonly validation: readonly PreparedPair[];
  readonly languages: readonly string[];
  readonly notes: readonly string[];
  readonly leftOut: readonly string[];
}

/** Reads, cleans and splits all that a recipe names. Throws `RecipeError` where pairs are needed, and what reading throws. */
export async function gatherSentences(
  recipe: TranslationRecipe,
  around: Surroundings,
): Promise<GatheredSentences> {
  const gathered =
    recipe.objective.kind === "translate" ? await fromPairs(recipe, around) : await alone(recipe, around);
  const all = [...gathered.train, ...gathered.validation];
  const languages = new Set(
    all.flatMap(({ sourceLanguage, targetLanguage }) => [sourceLanguage, targetLanguage]),
  );
  return { ...gathered, languages: [...languages].sort() };
}

type Gathered = Omit<GatheredSentences, "languages">;

async function fromPairs(recipe: TranslationRecipe, around: Surroundings): Promise<Gathered> {
  const { data, training } = recipe;
  if (data.pairs === undefined) {
    throw new RecipeError(
      "sentences of each language alone cannot teach to translate",
      "data.files without data.pairs",
      "give pairs; or learn from sentences alone by the recipe translate-denoise",
    );
  }
  const set = await openCleanSet(data.pairs, data.languages ?? [], around);
  const { train, validation, heldOut, leftOut, notes } =
    data.validation === undefined
      ? splitOf(set, data.validationFraction, training.seed)
      : apartFrom(set, await openCleanSet(data.validation, data.languages ?? [], around));
  const made = await openBackTranslations(data, set, heldOut, around);
  return {
    train: train.map((pair) => withPlaceholderTokens(pair)),
    backTranslations: made.pairs,
    validation: validation.map((pair) => withPlaceholderTokens(pair)),
    leftOut: [...set.leftOut, ...leftOut, ...made.leftOut],
    notes: [...notes, ...set.notes, ...made.notes],
  };
}

function splitOf({ pairs }: CleanSet, validationFraction: number, seed: number) {
  const { train, validation, test, how } = splitPairs(pairs, { validationFraction, seed });
  const leftOut = test.length > 0 ? [`${test.length} that the set keeps for testing`] : [];
  return { train, validation, heldOut: [...validation, ...test], leftOut, notes: [how] };
}

function apartFrom({ pairs }: CleanSet, { pairs: heldOut }: CleanSet) {
  const { kept, removed } = removeLeaks(pairs, heldOut);
  const leftOut = removed > 0 ? [`${removed} that are held out as well`] : [];
  return { train: kept, validation: heldOut, heldOut, leftOut, notes: [] };
}

/** Sentences of each language, each as a pair of itself: those of files, and both sides of pairs. */
async function alone({ data, training }: TranslationRecipe, around: Surroundings): Promise<Gathered> {
  const { pairs, files, validation, languages = [], backTranslations } = data;
  if (backTranslations !== undefined) throw notRepaired(backTranslations);
  const set = pairs === undefined ? undefined : await openCleanSet(pairs, languages, around);
  const read = files && (await openMonolingual(files, watching(around, "bytes read")));
  const all = [...(read?.sentences ?? []), ...(set?.pairs ?? []).flatMap(bothSides)];
  const leftOut = [...(read?.leftOut ?? []), ...(set?.leftOut ?? [])];
  const held = validation === undefined ? [] : (await openCleanSet(validation, languages, around)).pairs;
  const { kept, removed } = removeLeaks(all, held);
  if (removed > 0) leftOut.push(`${removed} that are held out as well`);
  const keys = kept.map(({ language, text }) => `${language} ${sentenceKey(text)}`);
  const sizes = new Map<string, number>();
  for (const key of keys) sizes.set(key, (sizes.get(key) ?? 0) + 1);
  const isHeld = heldOutKeys(sizes, kept.length * data.validationFraction, training.seed);
  const [train, validated] = [false, true].map((wanted) =>
    kept.filter((_, i) => isHeld.has(keys[i]) === wanted).map(ofItself),
  );
  return { train, backTranslations: [], validation: validated, leftOut, notes: set?.notes ?? [] };
}

const bothSides = ({ source, target, sourceLanguage, targetLanguage }: Pair): Sentence[] => [
  { text: source, language: sourceLanguage },
  { text: target, language: targetLanguage },
];

const ofItself = ({ text, language }: Sentence): PreparedPair =>
  withPlaceholderTokens({ source: text, target: text, sourceLanguage: language, targetLanguage: language });

function notRepaired(files: string | readonly string[]): RecipeError {
  return new RecipeError(
    "made-up sentences are not learned to repair",
    `data.backTranslations ${[files].flat().join(", ")} with objective.kind denoise`,
    "leave them out; translate learns from them",
  );
}
