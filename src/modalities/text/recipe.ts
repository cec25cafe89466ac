/** A recipe: the six steps of self-supervised training as plain, explicit values. */
import { z } from "zod";
import { describeIssue } from "../../recipe/describe-issue.js";
import { RecipeError } from "../../recipe/errors.js";
import { count, iteration, optimizer, share } from "../../recipe/sections.js";

/** 1 prepare data. */
const data = z.strictObject({
  /** Files, folders or globs of .txt, .md, .jsonl, .parquet, each also .gz. */
  files: z.union([z.string(), z.array(z.string())]),
  /** The field of a JSON line that holds the text. */
  field: z.string().optional(),
  /** The column of a Parquet file that holds the text. */
  column: z.string().optional(),
  /**
   * text: all of it is learned. chat: .jsonl of conversations, of which the assistant's part is learned.
   * preferences: .jsonl of prompt, chosen and rejected.
   */
  format: z.enum(["text", "chat", "preferences"]).default("text"),
  validationFraction: share.default(0.1),
});

/** 2 features. */
const features = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("character") }),
  z.strictObject({ kind: z.literal("byte") }),
  z.strictObject({ kind: z.literal("bpe"), vocabSize: count }),
  /** A folder with tokenizer.json, or with vocab.json and merges.txt; default: the pretrained model's. */
  z.strictObject({ kind: z.literal("pretrained"), folder: z.string().optional() }),
]);

/** Low-rank adaptation; see nn/lora.ts. */
const lora = z.strictObject({
  rank: count,
  alpha: z.number().positive(),
  targets: z.array(z.string()).optional(),
});

/** 3 predict. */
const model = z.discriminatedUnion("kind", [
  z.strictObject({
    kind: z.literal("gpt2"),
    contextLength: count,
    numLayers: count,
    numHeads: count,
    width: count,
    /** Rows of the embedding; default the tokenizer's vocabulary. */
    vocabSize: count.optional(),
  }),
  z.strictObject({
    kind: z.literal("llama"),
    contextLength: count,
    numLayers: count,
    numHeads: count,
    kvHeads: count.optional(),
    width: count,
    headWidth: count.optional(),
    hiddenWidth: count,
    qkNorm: z.boolean().default(false),
    tiedHead: z.boolean().default(false),
    ropeTheta: z.number().positive().default(10_000),
    vocabSize: count.optional(),
  }),
  z.strictObject({
    kind: z.literal("pretrained"),
    /** The folder of a run or of a model, or a name on the Hugging Face Hub. */
    from: z.string(),
    /** A branch, tag or commit on the Hub. */
    revision: z.string().optional(),
    /** Train an adapter beside the weights, not the weights. */
    lora: lora.optional(),
    /** Where the model was found; a run notes it when it starts, so that it goes on from the very same. */
    folder: z.string().optional(),
  }),
]);

/** 4 loss. */
const objective = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("nextToken"), zLoss: z.number().nonnegative().default(0) }),
  /** Direct preference optimisation against the pretrained model. */
  z.strictObject({
    kind: z.literal("dpo"),
    beta: z.number().positive().default(0.1),
    labelSmoothing: z.number().min(0).max(0.5).default(0),
  }),
]);

/** 6 iterate. */
const training = z.strictObject({
  ...iteration,
  steps: count,
  /** Tokens a row; default the model's context length. */
  sequenceLength: count.optional(),
  /** Compute each layer again in the backward pass instead of keeping it: less memory, more time. */
  recompute: z.boolean().default(false),
});

/** Then: use it. What a sample during training looks like, and the defaults of `generate`. */
const generation = z.strictObject({
  prompt: z.string().default(""),
  maxTokens: count.default(200),
  temperature: z.number().nonnegative().default(0.8),
  topK: count.optional(),
  topP: share.optional(),
});

export const recipeSchema = z.strictObject({
  data,
  features,
  model,
  objective,
  optimizer,
  training,
  generation,
});

/** A recipe as it is written: values with a default may be missing. */
export type RecipeInput = z.input<typeof recipeSchema>;
/** A recipe with every default filled in. */
export type Recipe = z.output<typeof recipeSchema>;

/** Marks an object as a recipe, so that the compiler checks it where it is written. */
export function defineRecipe(recipe: RecipeInput): RecipeInput {
  return recipe;
}

/** Checks a recipe and fills in the defaults. Throws `RecipeError` naming the key and the nearest one. */
export function resolveRecipe(recipe: unknown, source: string): Recipe {
  return checkedBy(recipeSchema, recipe, source);
}

/** What the schema makes of a recipe. Throws `RecipeError`. */
export function checkedBy<Schema extends z.ZodType>(
  schema: Schema,
  recipe: unknown,
  source: string,
): z.output<Schema> {
  const result = schema.safeParse(recipe);
  if (result.success) return result.data;
  const { what, values, advice } = describeIssue(result.error.issues[0], recipe, schema);
  throw new RecipeError(what, `${values} in ${source}`, advice);
}
