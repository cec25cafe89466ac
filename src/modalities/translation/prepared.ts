/** Step 1 and 2 of a run on translation: cleaned, split, with a tokenizer, in the run's `data/`. */
import { z } from "zod";
import { heldOutKeys } from "../../data/held-out-keys.js";
import { cleanPairs } from "../../data/translation/clean-pairs.js";
import { removeLeaks } from "../../data/translation/leaks.js";
import { openMonolingual } from "../../data/translation/monolingual.js";
import { openPairs } from "../../data/translation/open-pairs.js";
import type { Pair, Sentence } from "../../data/translation/pair.js";
import {
  openPreparedPairs,
  type PreparedPair,
  writePreparedPairs,
} from "../../data/translation/prepared-pairs.js";
import { sentenceKey } from "../../data/translation/sentence-key.js";
import { splitPairs } from "../../data/translation/split-pairs.js";
import { trainBpe } from "../../features/tokenizer/bpe-trainer.js";
import { loadTokenizer, saveTokenizer } from "../../features/tokenizer/load-tokenizer.js";
import type { Tokenizer } from "../../features/tokenizer/tokenizer.js";
import { translationTokens } from "../../features/tokenizer/translation-tokens.js";
import type { Folder } from "../../files/folder.js";
import { RecipeError } from "../../recipe/errors.js";
import { type Surroundings, watching } from "../modality.js";
import { readPreparedIndex } from "../prepared-index.js";
import { withPlaceholderTokens } from "./placeholders.js";
import type { TranslationRecipe } from "./recipe.js";

/** Pairs by number; a sentence that is to be repaired is a pair of itself. */
export interface Sentences {
  readonly count: number;
  read(i: number): Promise<PreparedPair>;
}

/** What a run learns from and is validated with. */
export interface PreparedTranslation {
  /** Where it lies. */
  readonly location: string;
  readonly train: Sentences;
  readonly validation: Sentences;
  readonly tokenizer: Tokenizer;
  readonly notes: readonly string[];
  readonly leftOut: readonly string[];
}

/** What was found, before anything is written. */
export interface GatheredSentences {
  readonly train: readonly PreparedPair[];
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
    recipe.objective.kind === "translate" ? await pairsOf(recipe, around) : await alone(recipe, around);
  const all = [...gathered.train, ...gathered.validation];
  const languages = new Set(
    all.flatMap(({ sourceLanguage, targetLanguage }) => [sourceLanguage, targetLanguage]),
  );
  return { ...gathered, languages: [...languages].sort() };
}

type Gathered = Omit<GatheredSentences, "languages">;

async function pairsOf({ data, training }: TranslationRecipe, around: Surroundings): Promise<Gathered> {
  if (data.pairs === undefined) {
    throw new RecipeError(
      "sentences of each language alone cannot teach to translate",
      "data.files without data.pairs",
      "give pairs; or learn from sentences alone by the recipe translate-denoise",
    );
  }
  const set = await cleaned(data.pairs, data, around);
  const leftOut = [...set.leftOut];
  const notes = [...set.notes];
  if (data.validation !== undefined) {
    const held = await cleaned(data.validation, data, around);
    const { kept, removed } = removeLeaks(set.pairs, held.pairs);
    if (removed > 0) leftOut.push(`${removed} that are held out as well`);
    return {
      train: kept.map(withPlaceholderTokens),
      validation: held.pairs.map(withPlaceholderTokens),
      leftOut,
      notes,
    };
  }
  const split = splitPairs(set.pairs, { validationFraction: data.validationFraction, seed: training.seed });
  if (split.test.length > 0) leftOut.push(`${split.test.length} that the set keeps for testing`);
  const [train, validation] = [split.train, split.validation].map((pairs) =>
    pairs.map(withPlaceholderTokens),
  );
  return { train, validation, leftOut, notes: [split.how, ...notes] };
}

/** Pairs of a place as they can be learned from, and what became of the others. */
async function cleaned(
  place: NonNullable<TranslationRecipe["data"]["pairs"]>,
  data: TranslationRecipe["data"],
  around: Surroundings,
) {
  const [sourceLanguage, targetLanguage] = data.languages ?? [];
  const set = await openPairs(place, { ...watching(around, "bytes read"), sourceLanguage, targetLanguage });
  const { pairs, report } = await cleanPairs(set.pairs);
  return { pairs, leftOut: set.leftOut, notes: report.phrases };
}

/** Sentences of each language, each as a pair of itself: those of files, and both sides of pairs. */
async function alone({ data, training }: TranslationRecipe, around: Surroundings): Promise<Gathered> {
  const { pairs, files, validation } = data;
  const set = pairs === undefined ? undefined : await cleaned(pairs, data, around);
  const read = files && (await openMonolingual(files, watching(around, "bytes read")));
  const all = [...(read?.sentences ?? []), ...(set?.pairs ?? []).flatMap(bothSides)];
  const leftOut = [...(read?.leftOut ?? []), ...(set?.leftOut ?? [])];
  const held = validation === undefined ? [] : (await cleaned(validation, data, around)).pairs;
  const { kept, removed } = removeLeaks(all, held);
  if (removed > 0) leftOut.push(`${removed} that are held out as well`);
  const keys = kept.map(({ language, text }) => `${language} ${sentenceKey(text)}`);
  const sizes = new Map<string, number>();
  for (const key of keys) sizes.set(key, (sizes.get(key) ?? 0) + 1);
  const isHeld = heldOutKeys(sizes, kept.length * data.validationFraction, training.seed);
  const [train, validated] = [false, true].map((wanted) =>
    kept.filter((_, i) => isHeld.has(keys[i]) === wanted).map(ofItself),
  );
  return { train, validation: validated, leftOut, notes: set?.notes ?? [] };
}

const bothSides = ({ source, target, sourceLanguage, targetLanguage }: Pair): Sentence[] => [
  { text: source, language: sourceLanguage },
  { text: target, language: targetLanguage },
];

const ofItself = ({ text, language }: Sentence): PreparedPair =>
  withPlaceholderTokens({ source: text, target: text, sourceLanguage: language, targetLanguage: language });

const index = {
  file: "translation.json",
  things: "sentences",
  schema: z.object({ notes: z.array(z.string()), leftOut: z.array(z.string()) }),
};

/** Writes them with a tokenizer: `own`, or one that is made of what is learned from. */
export async function writeTranslation(
  { train, validation, languages, notes, leftOut }: GatheredSentences,
  { features }: TranslationRecipe,
  own: Tokenizer | undefined,
  folder: Folder,
  around: Surroundings,
): Promise<void> {
  await folder.remove(index.file);
  await writePreparedPairs(folder, "train", train);
  await writePreparedPairs(folder, "validation", validation);
  const tokenizer =
    features.kind === "pretrained"
      ? (own ?? noTokenizer())
      : await trainBpe(textsOf(train), {
          ...watching(around, "pairs merged"),
          vocabSize: features.vocabSize,
          specialTokens: translationTokens(languages),
        });
  await saveTokenizer(tokenizer, folder);
  await folder.write(index.file, `${JSON.stringify({ notes, leftOut }, null, 2)}\n`);
}

function noTokenizer(): never {
  throw new RecipeError(
    "fresh weights have no tokenizer of their own",
    "features.kind pretrained without model.from",
    "make one by features.kind bpe, or give model.from",
  );
}

/** Each sentence once: of one that is repaired, both sides are the same. */
function* textsOf(pairs: readonly PreparedPair[]): Generator<string> {
  for (const { source, target } of pairs) {
    yield source;
    if (target !== source) yield target;
  }
}

/** Throws `ShardError` when the sentences are not all there. */
export async function openPreparedTranslation(folder: Folder): Promise<PreparedTranslation> {
  const told = await readPreparedIndex(folder, index);
  return {
    ...told,
    location: folder.location,
    train: await openPreparedPairs(folder, "train"),
    validation: await openPreparedPairs(folder, "validation"),
    tokenizer: await loadTokenizer(folder),
  };
}

/** What a run learned from alone; undefined where a folder holds no prepared sentences. Throws `ShardError` for damaged ones. */
export async function openTrainingPairs(folder: Folder): Promise<Sentences | undefined> {
  return (await folder.size(index.file)) === undefined ? undefined : openPreparedPairs(folder, "train");
}
