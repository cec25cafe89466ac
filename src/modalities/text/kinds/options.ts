/** Options of language models. */
import { z } from "zod";
import type { QuestionTask } from "../../../evaluation/questions.js";
import {
  amountOption,
  countOption,
  fileOption,
  flag,
  numberOption,
  seedOption,
  textOption,
} from "../../options.js";

/** How the matrices are kept while a model runs. */
const weights = flag(
  z.enum(["float32", "int8", "int4"]).default("float32"),
  "type",
  "int8 and int4 are faster, a little less exact",
);

export const continuing = z.object({
  prompt: flag(
    z.array(textOption.meta({ isInput: true })).optional(),
    "text",
    'text to continue, "-" for standard input; may be repeated',
  ),
  maxTokens: flag(numberOption.optional(), "count", "most tokens to write (default: the model's, or 200)"),
  temperature: flag(
    numberOption.optional(),
    "number",
    "0 for the likeliest token (default: the model's, or 0.8)",
  ),
  topK: flag(numberOption.optional(), "count", "choose among the k likeliest tokens"),
  topP: flag(
    numberOption.optional(),
    "share",
    "choose among the likeliest tokens that hold this share together",
  ),
  minP: flag(
    numberOption.optional(),
    "share",
    "drop tokens below this share of the likeliest one's probability",
  ),
  repetitionPenalty: flag(
    numberOption.optional(),
    "number",
    "above 1: tokens already there become less likely",
  ),
  stop: flag(z.array(textOption).optional(), "text", "end before this text; may be repeated"),
  jsonSchema: flag(
    fileOption.optional(),
    "file",
    "write JSON that this JSON Schema allows, and nothing else",
  ),
  seed: flag(seedOption.default(0), "number", "the same seed gives the same"),
  weights,
});
export type Continuing = z.output<typeof continuing>;

const rows = {
  field: flag(textOption.optional(), "name", "field of a JSON line that holds the text"),
  column: flag(textOption.optional(), "name", "column of a Parquet file that holds the text"),
};

export const predicting = z.object({
  data: flag(
    z.array(textOption).optional(),
    "files",
    "files, folders or globs (default: what the run held out to validate with)",
  ),
  ...rows,
  batchSize: flag(countOption.default(8), "windows", "windows at a time"),
  contextLength: flag(
    countOption.optional(),
    "tokens",
    "tokens a window (default: as the run learned, else the model's context, 1024 at most)",
  ),
});
export type Predicting = z.output<typeof predicting>;
export const choosing = z.object({
  multipleChoice: flag(
    textOption,
    "file",
    "questions in rows of .jsonl or .parquet, as HellaSwag and ARC have them",
  ),
  task: flag(
    z.enum(["hellaswag", "arc"] satisfies QuestionTask[]).optional(),
    "name",
    "how to read the rows (default: by their fields)",
  ),
});
export type Choosing = z.output<typeof choosing>;
export const sliding = z.object({
  perplexity: flag(
    z.array(textOption),
    "files",
    "texts to predict by a sliding window: a token, a word, a byte",
  ),
  stride: flag(countOption.optional(), "tokens", "new tokens a window (default: the model's context)"),
  ...rows,
});
export type Sliding = z.output<typeof sliding>;
export const comparing = z.object({
  against: flag(textOption, "folder", "a second model, to write beside the first"),
  prompts: flag(
    textOption,
    "file",
    "what both continue or answer: lines of text, or .jsonl with prompt or messages",
  ),
  maxTokens: flag(countOption.default(100), "count", "most tokens of an answer"),
  temperature: flag(amountOption.default(0.8), "number", "of both; 0 for the likeliest token"),
  seed: flag(seedOption.default(0), "number", "the same seed gives the same"),
});

export type Comparing = z.output<typeof comparing>;

export const measuringNotes = z.object({
  against: flag(
    textOption.optional(),
    "folder",
    "the model to measure before it (default: the one that the run started from)",
  ),
  general: flag(
    z.array(textOption).optional(),
    "files",
    "texts of another kind, on which forgetting is measured (default: ten chapters of Moby-Dick)",
  ),
  generalLength: flag(countOption.default(40_000), "characters", "how much of them is read"),
  questions: flag(countOption.default(200), "count", "most questions of each kind"),
});
export type MeasuringNotes = z.output<typeof measuringNotes>;

export const answering = z.object({
  adapter: flag(
    z
      .array(
        z
          .string()
          .regex(/^[^=]+=./)
          .meta({ hint: "Give it as name=folder." }),
      )
      .default([]),
    "name=folder",
    "an adapter, a model of its own to clients; may be repeated",
  ),
  weights,
  maxTokens: flag(countOption.optional(), "count", "longest answer (default: what the context leaves)"),
  prefixCache: flag(
    amountOption.default(256),
    "MiB",
    "memory for beginnings of prompts, such as earlier turns, that are read once",
  ),
});
export type Answering = z.output<typeof answering>;

export const talking = z.object({
  system: flag(textOption.optional(), "text", "what the model is told first"),
  maxTokens: flag(
    countOption.optional(),
    "count",
    "most tokens of an answer (default: what the context leaves)",
  ),
  temperature: flag(
    amountOption.optional(),
    "number",
    "0 for the likeliest answer (default: the model's, or 0.8)",
  ),
  topK: flag(countOption.optional(), "count", "choose among the k likeliest tokens"),
  topP: flag(
    amountOption.optional(),
    "share",
    "choose among the likeliest tokens that hold this share together",
  ),
  seed: flag(countOption.default(1), "number", "the same seed and words get the same answers"),
  weights,
});
export type Talking = z.output<typeof talking>;
