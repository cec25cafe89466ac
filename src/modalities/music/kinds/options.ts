/** Options of writing and measuring music. */
import { z } from "zod";
import {
  amountOption,
  countOption,
  fileOption,
  flag,
  manyOption,
  seedOption,
  shareOption,
} from "../../options.js";

export const composing = z.object({
  bars: flag(
    z.int().nonnegative().meta({ hint: "Give a whole number of 0 or more." }).optional(),
    "number",
    "how many to write (default: 8); 0 with --from: only render it",
  ),
  tempo: flag(
    z.number().min(10).max(400).meta({ hint: "Give quarter notes a minute, from 10 to 400." }).optional(),
    "number",
    "quarter notes a minute (default: that of the music)",
  ),
  count: flag(manyOption.default(1), "number", "pieces, each another"),
  from: flag(fileOption.optional(), "midi", "go on from this piece"),
  infill: flag(
    z
      .string()
      .regex(/^\d+(-\d+)?$/)
      .meta({ hint: "Give bars as 9-12, the first being 1." })
      .optional(),
    "bars",
    "of --from, write these bars anew, as 9-12",
  ),
  soundfont: flag(fileOption.optional(), "file", "instruments for sound, .sf2 or .sf3"),
  temperature: flag(amountOption.optional(), "number", "0 for the likeliest (default: the model's, or 1)"),
  topK: flag(countOption.optional(), "count", "choose among the k likeliest words"),
  topP: flag(
    shareOption.optional(),
    "share",
    "choose among the likeliest words that hold this share together",
  ),
  seed: flag(seedOption.default(0), "number", "the same seed gives the same"),
});
export type Composing = z.output<typeof composing>;

export const harmonising = z.object({
  harmonise: flag(fileOption.optional(), "midi", "write three voices under this melody"),
  ...composing.pick({ from: true, infill: true, tempo: true, soundfont: true }).shape,
  temperature: flag(amountOption.default(0.5), "number", "0 for the likeliest"),
  ...composing.pick({ topK: true, topP: true, seed: true }).shape,
});
export type Harmonising = z.output<typeof harmonising>;

export const measuring = z.object({
  split: flag(
    z
      .enum(["train", "validation", "test"])
      .meta({ hint: "Give train, validation or test." })
      .default("validation"),
    "name",
    "pieces of the model's run to measure on",
  ),
  ngrams: flag(countOption.optional(), "order", "also say what n-grams of the same words reach, such as 5"),
});
export type Measuring = z.output<typeof measuring>;

export const sampleMeasuring = z.object({
  split: measuring.shape.split,
  count: flag(manyOption.default(32), "number", "pieces to write"),
  bars: flag(countOption.default(16), "number", "of each"),
  ...composing.pick({ temperature: true, topK: true, topP: true, seed: true }).shape,
});
export type SampleMeasuring = z.output<typeof sampleMeasuring>;
