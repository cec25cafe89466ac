/** A recipe for text: the six steps of self-supervised training as plain, explicit values. */
import { z } from "zod";
import { rewardRules } from "../../data/chat/rewards.js";
import { count, iteration, lora, optimizer, share } from "../../recipe/sections.js";

const notes = z.strictObject({
  /** Questions that the model is to write about a section, at most; of many nothing comes. */
  perSection: z.int().nonnegative().default(1),
  /** Sentences of a section that are asked as they stand, with "what" for the answer, at most. */
  fromSentences: z.int().nonnegative().default(3),
  /** Of the questions about what is learned: kept to measure with. */
  heldOutQuestions: share.default(0.3),
  /** A .jsonl file of questions to learn from, such as an earlier run's `data/questions.jsonl`: none are written then. */
  questions: z.string().optional(),
});

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
   * preferences: .jsonl of prompt, chosen and rejected. notes: text whose sections are learned, and questions that the
   * model makes of them. tasks: .jsonl of prompt and the right answer.
   */
  format: z.enum(["text", "chat", "preferences", "notes", "tasks"]).default("text"),
  /** Of the format notes. */
  notes: notes.optional(),
  validationFraction: share.default(0.1),
  /** Leave out files and rows that cannot be used, counting them; by default they stop the run. */
  skipBad: z.boolean().default(false),
});

/** 2 features. */
const features = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("character") }),
  z.strictObject({ kind: z.literal("byte") }),
  z.strictObject({ kind: z.literal("bpe"), vocabSize: count }),
  /** A folder with tokenizer.json, or with vocab.json and merges.txt; default: the pretrained model's. */
  z.strictObject({ kind: z.literal("pretrained"), folder: z.string().optional() }),
]);

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
    /** Norms over query and key heads, as Qwen3 has. */
    qkNorm: z.boolean().default(false),
    /** Biases on queries, keys and values, as Qwen2 has. */
    qkvBias: z.boolean().default(false),
    /** Layers, from 0, that do not know positions, as SmolLM3 has. */
    noRopeLayers: z.array(z.int().nonnegative()).optional(),
    tiedHead: z.boolean().default(false),
    ropeTheta: z.number().positive().default(10_000),
    vocabSize: count.optional(),
  }),
  z.strictObject({
    kind: z.literal("gemma3"),
    contextLength: count,
    numLayers: count,
    numHeads: count,
    kvHeads: count.optional(),
    width: count,
    headWidth: count.optional(),
    hiddenWidth: count,
    /** Tokens that a layer with a window sees. */
    slidingWindow: count,
    /** Layers, from 0, that see all of the text; default every sixth. */
    globalLayers: z.array(z.int().nonnegative()).optional(),
    tiedHead: z.boolean().default(true),
    ropeTheta: z.number().positive().default(1_000_000),
    localRopeTheta: z.number().positive().default(10_000),
    vocabSize: count.optional(),
  }),
  z.strictObject({
    kind: z.literal("pretrained"),
    /** The folder of a run or of a model, or a name on the Hugging Face Hub. */
    from: z.string(),
    /** A branch, tag or commit on the Hub. */
    revision: z.string().optional(),
    /** Train an adapter beside the weights, not the weights. */
    lora: lora
      .extend({
        /** What the matrices of linear layers are kept in beside the adapter: int8 and int4 round them. */
        weights: z.enum(["float32", "int8", "int4"]).default("float32"),
      })
      .optional(),
    /** Where the model was found; a run notes it when it starts, so that it goes on from the very same. */
    folder: z.string().optional(),
  }),
]);

/** Answers that a rule can check. */
const checked = {
  /** What an answer is worth; see data/chat/rewards.ts. */
  reward: z.enum(rewardRules),
  /** Tokens of an answer at most. */
  maxTokens: count.default(64),
};

/** 4 loss. */
const objective = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("nextToken"), zLoss: z.number().nonnegative().default(0) }),
  /** Direct preference optimisation against the pretrained model. */
  z.strictObject({
    kind: z.literal("dpo"),
    beta: z.number().positive().default(0.1),
    labelSmoothing: z.number().min(0).max(0.5).default(0),
    /** Of data that are tasks: the pretrained model answers each several times, best and worst make a pair. */
    answers: z
      .strictObject({
        ...checked,
        /** Answers to each task. */
        perTask: z.int().min(2).max(256).default(8),
        /** What they are drawn at. */
        temperature: z.number().positive().default(1),
      })
      .optional(),
  }),
  /** Group relative policy optimisation: the model answers tasks, and learns from which of its answers are better. */
  z.strictObject({
    kind: z.literal("grpo"),
    ...checked,
    /** Answers to each of a batch's tasks. */
    groupSize: z.int().min(2).max(256).default(8),
  }),
]);

/** 6 iterate. */
const training = z.strictObject({
  ...iteration,
  steps: count,
  /** Tokens a row; default the model's context length. */
  sequenceLength: count.optional(),
});

/** Then: use it. What a sample during training looks like, and the defaults of `generate`. */
const generation = z.strictObject({
  prompt: z.string().default(""),
  maxTokens: count.default(200),
  temperature: z.number().nonnegative().default(0.8),
  topK: count.optional(),
  topP: share.optional(),
});

export const textRecipeSchema = z.strictObject({
  data,
  features,
  model,
  objective,
  optimizer,
  training,
  generation,
});

/** How questions come of notes: what the recipe says, or the usual. */
export const notesSettings = ({ notes: own }: TextRecipe["data"]): z.output<typeof notes> =>
  own ?? notes.parse({});

/** A recipe for text as it is written: values with a default may be missing. */
export type TextRecipeInput = z.input<typeof textRecipeSchema>;
/** A recipe for text with every default filled in. */
export type TextRecipe = z.output<typeof textRecipeSchema>;
