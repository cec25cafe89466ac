/** A recipe for sound: the six steps as plain, explicit values. */
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

/** A name, or some: a take may be a number. */
const names = z
  .union([z.string(), z.number(), z.array(z.union([z.string(), z.number()]))])
  .transform((value) => [value].flat().map(String));

/** 1 prepare data. */
const data = z.strictObject({
  format: z.literal("sound"),
  /** A folder or zip of short recordings, a class a folder, or a manifest of them; or several of these. */
  path: z.union([z.string(), z.array(z.string()).min(1)]).optional(),
  /** How clips are called, without folders and ending, such as `{class}_{speaker}_{take}`. */
  names: z.string().optional(),
  /** All clips of some speakers or takes validate; default: a share of each class. */
  heldOut: z.strictObject({ speaker: names.optional(), take: names.optional() }).optional(),
  validationFraction: share.default(0.1),
  /** What a recording that cannot be read does: it stops the run, or is left out and counted. */
  onCorrupt: z.enum(["stop", "skip"]).default("stop"),
});

/** Changes to each clip, drawn anew each time it is learned from. */
const augment = z.strictObject({
  /** A clip begins up to so many frames earlier or later. */
  shift: z.int().nonnegative().max(64).default(4),
  /** It is louder or quieter by up to so many decibels. */
  gain: z.number().nonnegative().max(20).default(3),
});

/** 2 features: mel bands over time. */
const features = z.strictObject({
  kind: z.literal("mel"),
  ...melSettings,
  /** How long a clip is: shorter ones are filled with silence, longer ones are cut. */
  seconds: z.number().min(0.1).max(20),
  augment: augment.prefault({}),
});

/** 3 predict. */
const model = z.discriminatedUnion("kind", [
  z.strictObject({
    kind: z.literal("dit"),
    /** A token of the transformer is all bands of so many frames. */
    patchFrames: count.default(4),
    embedWidth: count,
    numLayers: count,
    numHeads: count,
  }),
  z.strictObject({
    kind: z.literal("resnet"),
    baseWidth: count,
    blocksPerStage: z.array(count).min(1),
    groups: count.default(8),
  }),
]);

/** 4 loss. */
const objective = z.discriminatedUnion("kind", [
  z.strictObject({
    kind: z.literal("flowMatching"),
    time: z.enum(["uniform", "logitNormal"]).default("logitNormal"),
    /** How much nearer to noise times are brought, when it learns and when it draws: there it is decided what a sound is. */
    shift: z.number().positive().max(100).default(3),
    /** Share of clips whose class and speaker are left out, both or one of them, so that guidance has something to compare with. */
    classDropout: share.default(0.1),
  }),
  z.strictObject({ kind: z.literal("crossEntropy"), labelSmoothing: share.default(0) }),
]);

/** 6 iterate: for so many steps, or passes over the clips. */
const training = z.strictObject({ ...iteration, ...duration }).refine(...oneDuration);

/** Then: use it. Samples during training, and the defaults of `generate`. */
const generation = z
  .strictObject({
    count: count.default(8),
    /** Of the solver. */
    steps: count.default(16),
    solver: z.enum(["euler", "heun", "midpoint"]).default("heun"),
    /** 1: none. */
    guidance: z.number().nonnegative().default(2),
  })
  .prefault({});

export const soundRecipeSchema = z.strictObject({
  data,
  features,
  model,
  objective,
  optimizer,
  training,
  generation,
});

/** A recipe for sound with every default filled in. */
export type SoundRecipe = z.output<typeof soundRecipeSchema>;
