/** A recipe for a vocoder: the six steps as plain, explicit values. */
import { z } from "zod";
import {
  count,
  duration,
  iteration,
  melSettings,
  oneDuration,
  optimizer,
  share,
} from "../../recipe/sections.js";

/** 1 prepare data. */
const data = z.strictObject({
  format: z.literal("vocoder"),
  /** A folder or zip of recordings, a table of them or a single one; or several of these. No text or class is needed. */
  path: z.union([z.string(), z.array(z.string()).min(1)]).optional(),
  validationFraction: share.default(0.05),
  /** What a recording that cannot be read does: it stops the run, or is left out and counted. */
  onCorrupt: z.enum(["stop", "skip"]).default("stop"),
});

/** 2 features: mel bands over time, those of the models whose spectrograms it is for. */
const features = z.strictObject({
  kind: z.literal("mel"),
  ...melSettings,
  /** Of a window that is learned from; at 125 frames a second half of one. */
  frames: z.int().min(16).max(1024).default(64),
  /** Recordings, as loud as their peak lets them be, are heard quieter by up to so many decibels. */
  gain: z.number().nonnegative().max(40).default(12),
});

/** 3 predict. */
const model = z.strictObject({
  kind: z.literal("convnext"),
  width: count,
  hiddenWidth: count,
  numLayers: count,
  /** Frames that a convolution sees; odd. */
  kernelSize: count.default(7),
});

/** 4 loss. */
const objective = z.strictObject({ kind: z.literal("spectralMagnitudes") });

/** 6 iterate: for so many steps, or passes over all that is learned from. */
const training = z.strictObject({ ...iteration, ...duration }).refine(...oneDuration);

/** Then: use it. */
const generation = z
  .strictObject({
    /** Steps from random phases to the sound. */
    iterations: count.default(128),
  })
  .prefault({});

export const vocoderRecipeSchema = z.strictObject({
  data,
  features,
  model,
  objective,
  optimizer,
  training,
  generation,
});

/** A recipe for a vocoder with every default filled in. */
export type VocoderRecipe = z.output<typeof vocoderRecipeSchema>;
