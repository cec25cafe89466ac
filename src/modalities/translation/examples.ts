/** What is learned from as one: a pair in one direction, or a sentence that is spoiled and repaired. */
import type { RandomStream } from "../../core/random.js";
import { type LengthBucket, lengthBuckets, toldApart } from "../../data/length-buckets.js";
import { localShuffle } from "../../features/denoising/local-shuffle.js";
import { textInfilling } from "../../features/denoising/text-infilling.js";
import { BpeTokenizer } from "../../features/tokenizer/bpe.js";
import type { Tokenizer } from "../../features/tokenizer/tokenizer.js";
import {
  endToken,
  languagePrefix,
  maskToken,
  specialId,
} from "../../features/tokenizer/translation-tokens.js";
import { DataError } from "../../files/errors.js";
import type { SequenceBatchShape, SequencePair } from "../../objectives/sequence-objective.js";
import type { PreparedTranslation, Sentences } from "./prepared.js";
import type { TranslationRecipe } from "./recipe.js";

/** A split as examples, and in what batches they come. */
export interface ExampleSet {
  readonly count: number;
  readonly buckets: readonly LengthBucket[];
  /** What is read and what is to be written. */
  pair(example: number, change: Change): Promise<SequencePair>;
  /** The same as texts, and the language that is written. */
  texts(example: number): Promise<ExampleTexts>;
}

/** An example before it becomes tokens. */
export interface ExampleTexts {
  readonly source: string;
  readonly target: string;
  /** That is written. */
  readonly language: string;
}

/** How an example comes, anew each time; by default as it is. */
export interface Change {
  /** Spoils what is to be repaired. */
  readonly spoil?: RandomStream;
  /** Leaves merges of tokens out. */
  readonly cut?: RandomStream;
}

/** What a run on translation learns from and is validated with, in batches of the same shapes. */
export interface ExampleSets {
  readonly train: ExampleSet;
  readonly validation: ExampleSet;
  /** One a bucket. */
  readonly shapes: readonly SequenceBatchShape[];
  /** What cannot be learned from, a phrase each. */
  readonly leftOut: readonly string[];
}

/** How many more tokens there is room for than a sentence has that is cut by the usual merges. */
const slack = 1.1;

/** Makes both splits. A pure function of what is prepared and of the recipe. Throws `DataError` where nothing is short enough. */
export async function exampleSets(
  { train, backTranslations, validation, tokenizer }: PreparedTranslation,
  recipe: TranslationRecipe,
): Promise<ExampleSets> {
  const { data, objective } = recipe;
  const { longestTokens } = data;
  const directions = objective.kind === "translate" ? data.directions : "forward";
  const made = backTranslations ? [{ sentences: backTranslations, directions: "forward" } as const] : [];
  const splits = [
    await fitting([{ sentences: train, directions }, ...made], longestTokens, tokenizer),
    await fitting([{ sentences: validation, directions }], longestTokens, tokenizer),
  ];
  for (const [i, { examples }] of splits.entries())
    if (examples.length === 0) throw nothingFits(i, longestTokens);
  const all = splits.flatMap(({ examples }) => examples);
  const inTraining = splits[0].examples.length;
  const lengths = all.map(({ source, target }) => Math.max(source, target));
  const buckets = lengthBuckets(lengths, recipe.training);
  const partOf = (isOwn: (i: number) => boolean, first: number) =>
    buckets.map((bucket) => ({ ...bucket, members: bucket.members.filter(isOwn).map((i) => i - first) }));
  const setOf = (split: number, parts: readonly LengthBucket[]): ExampleSet => ({
    count: splits[split].examples.length,
    buckets: parts,
    ...readerOf(splits[split].examples, recipe, tokenizer),
  });
  const tooLong = splits.reduce((sum, split) => sum + split.tooLong, 0);
  return {
    train: setOf(
      0,
      partOf((i) => i < inTraining, 0),
    ),
    validation: setOf(
      1,
      partOf((i) => i >= inTraining, inTraining),
    ),
    shapes: toldApart(
      buckets.map(({ batchSize, members }) => {
        const most = (of: (example: Example) => number) =>
          members.reduce((n, i) => Math.max(n, of(all[i])), 1);
        return {
          batchSize,
          source: Math.ceil(slack * most(({ source }) => source)),
          target: Math.ceil(slack * most(({ target }) => target)),
        };
      }),
      "source",
    ),
    leftOut: tooLong > 0 ? [`${tooLong} of more than ${longestTokens} tokens`] : [],
  };
}

/** A sentence or pair by its number, in one direction, and how many tokens it has, beginning and end among them. */
interface Example {
  readonly sentences: Sentences;
  readonly number: number;
  readonly reversed: boolean;
  readonly source: number;
  readonly target: number;
}

/** Sentences, and the directions in which they are learned from. */
interface Learned extends Pick<TranslationRecipe["data"], "directions"> {
  readonly sentences: Sentences;
}

async function fitting(
  parts: readonly Learned[],
  longestTokens: number,
  tokenizer: Tokenizer,
): Promise<{ examples: Example[]; tooLong: number }> {
  const examples: Example[] = [];
  const prefixTo = prefixesOf(tokenizer);
  let tooLong = 0;
  for (const { sentences, directions } of parts)
    for (let number = 0; number < sentences.count; number++) {
      const { source, target, sourceLanguage, targetLanguage } = await sentences.read(number);
      const [ofSource, ofTarget] = [source, target].map((text) => tokenizer.encode(text).length);
      if (Math.max(ofSource, ofTarget) > longestTokens) tooLong++;
      else
        for (const reversed of directions === "both" ? [false, true] : [false]) {
          const [from, to] = reversed ? [ofTarget, ofSource] : [ofSource, ofTarget];
          const ofPrefix = prefixTo(reversed ? sourceLanguage : targetLanguage).length;
          examples.push({ sentences, number, reversed, source: ofPrefix + from + 1, target: to + 1 });
        }
    }
  return { examples, tooLong };
}

/** What stands before a source, encoded once a language. */
function prefixesOf(tokenizer: Tokenizer): (language: string) => readonly number[] {
  const known = new Map<string, readonly number[]>();
  return (language) => {
    const prefix = known.get(language) ?? languagePrefix(tokenizer, language);
    known.set(language, prefix);
    return prefix;
  };
}

function readerOf(
  examples: readonly Example[],
  { features, objective }: TranslationRecipe,
  tokenizer: Tokenizer,
): Pick<ExampleSet, "pair" | "texts"> {
  const end = specialId(tokenizer, endToken);
  const prefixTo = prefixesOf(tokenizer);
  const encode = (text: string, random: RandomStream | undefined) =>
    random && features.dropout > 0 && tokenizer instanceof BpeTokenizer
      ? tokenizer.encodeWithDropout(text, features.dropout, random)
      : tokenizer.encode(text);
  const startsWord = (id: number) => /^[Ġ]/.test(tokenizer.idToToken(id) ?? "");
  const spoiled = (ids: Int32Array, random: RandomStream | undefined) => {
    if (objective.kind !== "denoise" || !random) return ids;
    const { infilled, hidden, shuffleDistance, wordDrop } = objective;
    const mask = specialId(tokenizer, maskToken);
    if (random.uniform() < infilled) return textInfilling(ids, { maskToken: mask, share: hidden }, random);
    return localShuffle(ids, { distance: shuffleDistance, drop: wordDrop, startsWord }, random);
  };
  const texts = async (example: number) => {
    const { sentences, number, reversed } = examples[example];
    const { source, target, sourceLanguage, targetLanguage } = await sentences.read(number);
    return reversed
      ? { source: target, target: source, language: sourceLanguage }
      : { source, target, language: targetLanguage };
  };
  return {
    texts,
    async pair(example, { spoil, cut }) {
      const { source, target, language } = await texts(example);
      const read = spoiled(encode(source, cut), spoil);
      return { source: [...prefixTo(language), ...read, end], target: encode(target, cut) };
    },
  };
}

function nothingFits(split: number, longest: number): DataError {
  return new DataError(
    "there are no sentences left to learn from and validate with",
    `0 for ${["training", "validation"][split]} of at most ${longest} tokens`,
    "raise data.longestTokens, or give other files",
  );
}
