/** What recipes of every modality share: the last two of the six steps. */
import { z } from "zod";

export const count = z.int().positive();
export const share = z.number().min(0).max(1);

const schedule = z.strictObject({
  kind: z.enum(["constant", "cosine", "linear", "wsd"]),
  warmupSteps: z.int().nonnegative().default(0),
  decaySteps: count.optional(),
  finalFactor: share.optional(),
});
const common = {
  lr: z.number().positive(),
  weightDecay: z.number().nonnegative().default(0.1),
  schedule,
  /** Largest global gradient norm; 0 turns clipping off. */
  clipNorm: z.number().nonnegative().default(1),
  /** Decay of an exponential average of the weights, which is then what is evaluated and saved. */
  averageDecay: share.optional(),
};
/** Of an average that forgets: 1 would never. */
const decay = z.number().min(0).lt(1);
const betas = z.tuple([decay, decay]);

/** 5 gradient descent. */
export const optimizer = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("adamw"), ...common, betas: betas.default([0.9, 0.95]) }),
  z.strictObject({
    kind: z.literal("muon"),
    ...common,
    momentum: decay.default(0.95),
    /** Rate of AdamW for embeddings, head and vectors; default lr. */
    adamwLr: z.number().positive().optional(),
    betas: betas.default([0.9, 0.95]),
  }),
  z.strictObject({
    kind: z.literal("sgd"),
    ...common,
    momentum: decay.default(0.9),
    nesterov: z.boolean().default(false),
  }),
]);

export type OptimizerRecipe = z.output<typeof optimizer>;

/** Where a step can run. */
export const devices = ["cpu", "webgpu", "cuda", "coreml", "dml"] as const;

/** 6 iterate, whatever is learned. */
export const iteration = {
  /** Examples a step and micro-batch: rows, or with preferences pairs of rows. */
  batchSize: count,
  /** Batches whose gradients are added up for one step. */
  microBatches: count.default(1),
  seed: z.int().nonnegative().default(1),
  evaluateEvery: count,
  /**
   * Most batches of the validation split that an evaluation reads; default as many as take less than a tenth of the
   * training between two evaluations, 32 or more.
   */
  evaluationBatches: count.optional(),
  checkpointEvery: count,
  keepCheckpoints: count.default(2),
  /** Stop when the validation loss is this low. */
  targetLoss: z.number().positive().optional(),
  /** Stop after so many evaluations without a better validation loss. */
  patience: count.optional(),
  /** Ranks learn apart and come together every so many steps (see training/diloco.ts); default: they share each step. */
  distributed: z
    .strictObject({
      kind: z.literal("diloco"),
      /** Steps between two rounds; evaluations and checkpoints fall on one. */
      every: count.default(100),
      outerLr: z.number().positive().default(0.7),
      outerMomentum: decay.default(0.9),
    })
    .optional(),
  device: z.enum(devices).default("cpu"),
  threads: count.optional(),
  /** Compute each layer again in the backward pass instead of keeping it: less memory, more time. */
  recompute: z.boolean().default(false),
  /**
   * What linear layers multiply in while they learn; weights stay float32. "auto" times both when a run starts and
   * keeps the faster one.
   */
  products: z.enum(["float32", "int8", "auto"]).default("float32"),
};
export type IterationRecipe = z.output<z.ZodObject<typeof iteration>>;

/** Low-rank adaptation of a pretrained model; see nn/lora.ts. */
export const lora = z.strictObject({
  rank: count,
  /** What the adapter's product is scaled by, over the rank. */
  alpha: z.number().positive().default(16),
  targets: z.array(z.string()).optional(),
});

/** What decides a mel spectrogram, as `slaneyMel` makes it. */
export const melSettings = {
  /** What all recordings are resampled to. */
  sampleRate: z.int().min(4000).max(48_000).default(16_000),
  /** Of a window, a power of two of samples from here on: long ones tell low tones apart, short ones moments. */
  windowSeconds: z.number().min(0.004).max(0.5).default(0.032),
  /** Default: 64 below 16 kHz, else 80. */
  bands: z.int().min(8).max(512).optional(),
};

/** How long is iterated: `steps`, or passes over what is learned from. */
export const duration = { steps: count.optional(), epochs: z.number().positive().optional() };

interface Duration {
  readonly steps?: number;
  readonly epochs?: number;
}

/** For `refine`: one of the two. */
export const oneDuration = [
  ({ steps, epochs }: Duration) => (steps === undefined) !== (epochs === undefined),
  { message: "give steps or epochs, one of them" },
] as const;
