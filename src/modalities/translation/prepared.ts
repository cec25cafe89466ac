/** What a run on translation learned from, in its `data/`: texts, with a tokenizer. */
import { z } from "zod";
import {
  openPreparedPairs,
  type PreparedPair,
  writePreparedPairs,
} from "../../data/translation/prepared-pairs.js";
import { trainBpe } from "../../features/tokenizer/bpe-trainer.js";
import { loadTokenizer, saveTokenizer } from "../../features/tokenizer/load-tokenizer.js";
import type { Tokenizer } from "../../features/tokenizer/tokenizer.js";
import { translationTokens } from "../../features/tokenizer/translation-tokens.js";
import type { Folder } from "../../files/folder.js";
import { RecipeError } from "../../recipe/errors.js";
import { type Surroundings, watching } from "../modality.js";
import { readPreparedIndex } from "../prepared-index.js";
import type { GatheredSentences } from "./gather.js";
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
  /** Learned from as well, in their own direction alone; their sources begin with a tag. */
  readonly backTranslations?: Sentences;
  readonly validation: Sentences;
  readonly tokenizer: Tokenizer;
  readonly notes: readonly string[];
  readonly leftOut: readonly string[];
}

const index = {
  file: "translation.json",
  things: "sentences",
  schema: z.object({
    notes: z.array(z.string()),
    leftOut: z.array(z.string()),
    hasBackTranslations: z.boolean().default(false),
  }),
};
const backTranslationsFolder = "back-translations";

/** Writes them with a tokenizer: `own`, or one that is made of what is learned from. */
export async function writeTranslation(
  gathered: GatheredSentences,
  { features }: TranslationRecipe,
  own: Tokenizer | undefined,
  folder: Folder,
  around: Surroundings,
): Promise<void> {
  const { train, validation, backTranslations, languages, notes, leftOut } = gathered;
  const hasBackTranslations = backTranslations.length > 0;
  await folder.remove(index.file);
  await writePreparedPairs(folder, "train", train);
  await writePreparedPairs(folder, "validation", validation);
  if (hasBackTranslations) await writePreparedPairs(folder, backTranslationsFolder, backTranslations);
  const tokenizer =
    features.kind === "pretrained"
      ? (own ?? noTokenizer())
      : await trainBpe(textsOf(gathered), {
          ...watching(around, "pairs merged"),
          vocabSize: features.vocabSize,
          specialTokens: translationTokens(languages),
        });
  await saveTokenizer(tokenizer, folder);
  await folder.write(index.file, `${JSON.stringify({ notes, leftOut, hasBackTranslations }, null, 2)}\n`);
}

function noTokenizer(): never {
  throw new RecipeError(
    "fresh weights have no tokenizer of their own",
    "features.kind pretrained without model.from",
    "make one by features.kind bpe, or give model.from",
  );
}

/** What people wrote, each sentence once: of one that is repaired, both sides are the same. */
function* textsOf({ train, backTranslations }: GatheredSentences): Generator<string> {
  for (const { source, target } of train) {
    yield source;
    if (target !== source) yield target;
  }
  for (const { target } of backTranslations) yield target;
}

/** Throws `ShardError` when the sentences are not all there. */
export async function openPreparedTranslation(folder: Folder): Promise<PreparedTranslation> {
  const { hasBackTranslations, ...told } = await readPreparedIndex(folder, index);
  return {
    ...told,
    location: folder.location,
    train: await openPreparedPairs(folder, "train"),
    backTranslations: hasBackTranslations
      ? await openPreparedPairs(folder, backTranslationsFolder)
      : undefined,
    validation: await openPreparedPairs(folder, "validation"),
    tokenizer: await loadTokenizer(folder),
  };
}

/** What people wrote of what a run learned from; undefined where a folder holds no prepared sentences. Throws `ShardError` for damaged ones. */
export async function openTrainingPairs(folder: Folder): Promise<Sentences | undefined> {
  return (await folder.size(index.file)) === undefined ? undefined : openPreparedPairs(folder, "train");
}
