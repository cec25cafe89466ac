/** A recipe for music: the six steps as plain, explicit values. */
import { z } from "zod";
import { count, duration, iteration, oneDuration, optimizer, share } from "../../recipe/sections.js";

/** 1 prepare data. */
const data = z.strictObject({
  format: z.literal("music"),
  /** Of chorales: the published set's archive, folder or file. Of MIDI: a folder or zip. */
  path: z.string().optional(),
  /** MIDI files, folders or globs. */
  files: z.union([z.string(), z.array(z.string())]).optional(),
  /** Pieces to validate with, and as many to test with, chosen by the seed and a piece's own notes. */
  validationFraction: share.default(0.1),
  /** Leave out files that cannot be read, counting them; by default they stop the run. */
  skipBad: z.boolean().default(false),
});

const infill = {
  /** Of rows, how many are told with some bars at the end, so that the model learns to fill bars in. */
  infill: share.default(0.25),
};

/** 2 features: words of music, and how it is changed each time it is learned from. */
const features = z.discriminatedUnion("kind", [
  /** Four voices on sixteenths; see features/music/chorale-words. */
  z.strictObject({
    kind: z.literal("chorales"),
    /** Most semitones up or down; no voice leaves the range that it has in what is learned from. */
    transpose: z.int().nonnegative().max(12).default(12),
    ...infill,
  }),
  /** Events of any MIDI file; see features/music/remi. */
  z.strictObject({
    kind: z.literal("remi"),
    transpose: z.int().nonnegative().max(12).default(6),
    ...infill,
  }),
]);

/** 3 predict. */
const model = z.discriminatedUnion("kind", [
  /** Reads words from left to right. */
  z.strictObject({
    kind: z.literal("llama"),
    /** Words that are seen at once. */
    contextLength: count,
    numLayers: count,
    numHeads: count,
    kvHeads: count.optional(),
    width: count,
    hiddenWidth: count,
    qkNorm: z.boolean().default(false),
    tiedHead: z.boolean().default(false),
    ropeTheta: z.number().positive().default(10_000),
  }),
  /** Of chorales only: sees what is before and after; see models/masked-grid. */
  z.strictObject({
    kind: z.literal("maskedGrid"),
    /** Bars that are seen at once. */
    bars: count,
    numLayers: count,
    numHeads: count,
    width: count,
    mlpWidth: count,
  }),
]);

/** 4 loss. */
const objective = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("nextToken"), zLoss: z.number().nonnegative().default(0) }),
  /** Notes that are hidden among others are told, in any order. */
  z.strictObject({ kind: z.literal("anyOrder") }),
]);

/** 6 iterate: for so many steps, or passes over the pieces. */
const training = z.strictObject({ ...iteration, ...duration }).refine(...oneDuration);

/** Then: use it. The defaults of `generate`. */
const generation = z
  .strictObject({
    bars: count.default(8),
    temperature: z.number().nonnegative().default(1),
    topK: count.optional(),
    topP: share.default(0.98),
  })
  .prefault({});

export const musicRecipeSchema = z.strictObject({
  data,
  features,
  model,
  objective,
  optimizer,
  training,
  generation,
});

/** A recipe for music with every default filled in. */
export type MusicRecipe = z.output<typeof musicRecipeSchema>;

export type DecoderSizes = Extract<MusicRecipe["model"], { kind: "llama" }>;
export type GridSizes = Extract<MusicRecipe["model"], { kind: "maskedGrid" }>;
