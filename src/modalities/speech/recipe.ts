/** A recipe for speech: the six steps of self-supervised training as plain, explicit values. */
import { z } from "zod";
import { count, duration, iteration, oneDuration, optimizer, share } from "../../recipe/sections.js";

/** 1 prepare data. */
const data = z.strictObject({
  format: z.literal("speech"),
  /**
   * A folder or zip of recordings, with a .txt beside each or without; a table or manifest (.tsv, .csv, .jsonl, Parquet);
   * a folder as LJSpeech, Common Voice, Kaldi or LibriSpeech have it; or a Debian package by name: asterisk, fillets.
   */
  path: z.string(),
  /** Of the texts, such as "en": figures are spelled out in English. */
  language: z.string().optional(),
  /** Held out where there is no official split. */
  validationFraction: share.default(0.1),
  /** What a recording that cannot be read does: it stops the run, or is left out and counted. */
  onCorrupt: z.enum(["stop", "skip"]).default("stop"),
  /** Longer recordings are left out where they have a text, and cut into pieces of this length where not. */
  longestSeconds: z.number().min(0.1).max(60).default(20),
});

/** Changes to each recording, drawn anew each time it is learned from; see features/audio. */
const augment = z.strictObject({
  /** One of these speeds. */
  speeds: z.array(z.number().min(0.5).max(2)).min(1).optional(),
  /** Louder or quieter by up to so many decibels. */
  gain: z.number().nonnegative().optional(),
  /** Noise at so many decibels below the speech, or more, half of the time. */
  noise: z.number().optional(),
  /** An echo that lasts up to so many seconds, half of the time. */
  room: z.number().min(0.05).max(3).optional(),
  /** As of vocal tracts shorter or longer by up to this share: every frequency is moved by a factor. */
  warp: z.number().min(0).max(0.3).optional(),
  /** Some bands and some stretches of time are hidden (SpecAugment). */
  specAugment: z.boolean().optional(),
});

/** 2 features: two frames of 80 mel bands side by side, every 20 ms. */
const features = z.strictObject({ kind: z.literal("mel"), augment: augment.default({}) });

/** 3 predict. */
const model = z.discriminatedUnion("kind", [
  z.strictObject({
    kind: z.literal("conformer"),
    /** Start from the encoder of this trained model, and with its sizes: `pretrained` by another name. */
    from: z.string().optional(),
    width: count,
    numLayers: count,
    numHeads: count,
    hiddenWidth: count,
    /** Frames that the convolution sees; odd. */
    kernelSize: count.default(9),
  }),
  /** The encoder of a trained model; its head too where it knows the same symbols. */
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
    kind: z.literal("ctc"),
    /** Chance that the last layer is skipped for a recording; less for those below (stochastic depth). */
    layerDrop: share.default(0.1),
  }),
  z.strictObject({
    kind: z.literal("bestRq"),
    /** Vectors of a codebook. */
    codes: count.default(1024),
    codebooks: count.default(1),
    /** Share of frames at which a hidden span begins. */
    spanStarts: share.default(0.03),
    /** Of a span, in frames of 20 ms. */
    spanLength: count.default(10),
    layerDrop: share.default(0),
  }),
]);

/** 6 iterate: for so many steps, or passes over the recordings. */
const training = z
  .strictObject({
    ...iteration,
    /** Recordings a step, of the longest; of shorter ones as many more as last as long in all. */
    batchSize: count,
    /** Recordings are batched with others of about their length: so many shapes of batches. */
    buckets: count.max(8).default(4),
    ...duration,
  })
  .refine(...oneDuration);

/** Then: use it. How `transcribe` decodes by default. */
const generation = z
  .strictObject({
    /** Prefixes that are followed at once; 1: the best symbol of each frame. */
    beams: count.default(1),
  })
  .prefault({});

export const speechRecipeSchema = z.strictObject({
  data,
  features,
  model,
  objective,
  optimizer,
  training,
  generation,
});

/** A recipe for speech with every default filled in. */
export type SpeechRecipe = z.output<typeof speechRecipeSchema>;
