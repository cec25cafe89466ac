/** A recipe for translation: the six steps of self-supervised training as plain, explicit values. */
import { z } from "zod";
import { count, duration, iteration, oneDuration, optimizer, share } from "../../recipe/sections.js";

/** A path or several, or a file a language, such as {"en": "train.en", "de": "train.de"}. */
const place = z.union([z.string(), z.array(z.string()), z.record(z.string(), z.string())]);

/** 1 prepare data: pairs of sentences, or sentences of each language alone. */
const data = z
  .strictObject({
    format: z.literal("translation"),
    /** A table, two aligned files, TMX, JSON lines, Parquet, PO, or by name what a package ships; see docs/translation.md. */
    pairs: place.optional(),
    /** Pairs with a made-up source, which stands first, such as `translate --back-translate` writes: learned as they stand, with a tag. */
    backTranslations: z.union([z.string(), z.array(z.string())]).optional(),
    /** Held out; default: the set's own split, else a part of the pairs. */
    validation: place.optional(),
    /** Text of one language, a sentence a line: files or patterns by language. */
    files: z.record(z.string(), z.union([z.string(), z.array(z.string())])).optional(),
    /** Of the pairs, source first, where their files do not say it. */
    languages: z.tuple([z.string(), z.string()]).optional(),
    /** Whether pairs are learned from in both directions. */
    directions: z.enum(["both", "forward"]).default("both"),
    /** Held out where there is no official split. */
    validationFraction: share.default(0.05),
    /** Longer sentences are left out, in tokens. */
    longestTokens: count.max(512).default(100),
  })
  .refine(({ pairs, files }) => pairs !== undefined || files !== undefined, {
    message: "give pairs, or files of text by language",
  });

/** 2 features. */
const features = z.discriminatedUnion("kind", [
  z.strictObject({
    kind: z.literal("bpe"),
    /** Tokens that both languages share. */
    vocabSize: count,
    /** Chance that a merge is left out, anew each time a sentence comes (Provilkov et al. 2020). */
    dropout: share.default(0.1),
  }),
  /** Those of the model that is started from. */
  z.strictObject({ kind: z.literal("pretrained"), dropout: share.default(0.1) }),
]);

/** 3 predict. */
const model = z.discriminatedUnion("kind", [
  z.strictObject({
    kind: z.literal("t5"),
    /** Start from this trained model, with its sizes and tokens: `pretrained` by another name. */
    from: z.string().optional(),
    width: count,
    numLayers: count,
    numDecoderLayers: count,
    numHeads: count,
    hiddenWidth: count,
  }),
  z.strictObject({
    kind: z.literal("pretrained"),
    /** The folder of a run or of a model, or a name on the Hugging Face Hub. */
    from: z.string(),
    /** A branch, tag or commit on the Hub. */
    revision: z.string().optional(),
    /** Where the model was found; noted when a run starts. */
    folder: z.string().optional(),
  }),
]);

/** 4 loss. */
const objective = z.discriminatedUnion("kind", [
  z.strictObject({
    kind: z.literal("translate"),
    /** Share of the probability that goes to all tokens alike. */
    labelSmoothing: share.default(0.1),
    /** Share of the values that are left out at each layer. */
    dropout: share.default(0.1),
  }),
  z.strictObject({
    kind: z.literal("denoise"),
    /** Share of sentences of which spans are hidden (Lewis et al. 2020); the others are shuffled (Lample et al. 2018). */
    infilled: share.default(0.7),
    /** Share of the tokens that are hidden in them. */
    hidden: share.default(0.35),
    /** How many places a word of the others may move. */
    shuffleDistance: count.default(3),
    /** Chance that a word of the others is dropped. */
    wordDrop: share.default(0.1),
    labelSmoothing: share.default(0),
    dropout: share.default(0.1),
  }),
]);

/** 6 iterate: for so many steps, or passes over the sentences. */
const training = z
  .strictObject({
    ...iteration,
    /** Sentences a step, of the longest; of shorter ones as many more as have as many tokens. */
    batchSize: count,
    /** Sentences are batched with others of about their length: so many shapes of batches. */
    buckets: count.max(8).default(5),
    ...duration,
  })
  .refine(...oneDuration);

/** Then: use it. How `translate` decodes by default. */
const generation = z
  .strictObject({
    beams: count.default(5),
    lengthPenalty: z.number().default(1),
  })
  .prefault({});

export const translationRecipeSchema = z.strictObject({
  data,
  features,
  model,
  objective,
  optimizer,
  training,
  generation,
});

/** A recipe for translation with every default filled in. */
export type TranslationRecipe = z.output<typeof translationRecipeSchema>;
