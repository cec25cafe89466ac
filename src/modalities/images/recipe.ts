/** A recipe for images: the six steps of self-supervised training as plain, explicit values. */
import { z } from "zod";
import { poolings } from "../../models/vit.js";
import { count, duration, iteration, lora, oneDuration, optimizer, share } from "../../recipe/sections.js";

/** 1 prepare data. */
const data = z.strictObject({
  format: z.literal("images"),
  /**
   * CIFAR-10's archive or folder, IDX files or their folder, a folder or zip of pictures with a class a folder or
   * none, a Parquet file, the folder of a run, or `cifar10`, which is downloaded. Default: what the pretrained
   * model's run learned from.
   */
  path: z.string().optional(),
  /** Leave out pictures that cannot be read, counting them: `onCorrupt` by the name that texts have for it. */
  skipBad: z.boolean().default(false),
  /** What a picture that cannot be read does: it stops the run, or is left out and counted. */
  onCorrupt: z.enum(["stop", "skip"]).default("stop"),
  /** Held out where there is no official test split. */
  validationFraction: share.default(0.1),
  /** Learn from so many labelled images a class; default all. */
  labelsPerClass: count.optional(),
});

/** See features/images/colour. */
export const colorJitter = z.strictObject({
  brightness: z.number().nonnegative(),
  contrast: z.number().nonnegative(),
  saturation: z.number().nonnegative(),
  hue: z.number().min(0).max(0.5).optional(),
  probability: share.optional(),
});

/** Changes to each image, drawn anew each time it is learned from; see features/augment. */
const augment = z.strictObject({
  /** Reflected pixels on each side, of which a random crop takes them away again. */
  crop: count.optional(),
  /** Left and right change places, half of the time. */
  flip: z.boolean().optional(),
  resizedCrop: z.strictObject({ minScale: share }).optional(),
  colorJitter: colorJitter.optional(),
  /** Probability of grey. */
  grayscale: share.optional(),
  /** Probability of an erased rectangle. */
  erasing: share.optional(),
  /** Alpha of the share in which two images are blended, or cut together. */
  mixup: z.number().positive().optional(),
  cutmix: z.number().positive().optional(),
});

/** 2 features. */
const features = z.strictObject({
  kind: z.literal("pixels"),
  /** Of a square's side; default the images' own. */
  size: count.max(4096).optional(),
  /** 3 for colours, 1 for grey; default what the images have. */
  channels: z.union([z.literal(1), z.literal(3)]).optional(),
  augment: augment.default({}),
});

const transformer = { patchSize: count, embedWidth: count, numLayers: count, numHeads: count };

/** 3 predict. */
const model = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("dit"), ...transformer }),
  z.strictObject({
    kind: z.literal("unet"),
    /** Of a patch's side, in pixels: the finest level has one position a patch. */
    patchSize: count.default(1),
    baseWidth: count,
    /** Of the width, a level. */
    widthMultipliers: z.array(count).min(1),
    blocksPerLevel: count.default(2),
    /** Sizes at which positions attend to each other. */
    attentionAt: z.array(count).default([]),
    groups: count.default(8),
  }),
  z.strictObject({
    kind: z.literal("vit"),
    ...transformer,
    mlpWidth: count,
    /** An image's vector: the class token's, or the mean of the patches'. */
    pooling: z.enum(poolings).default("class"),
  }),
  z.strictObject({
    kind: z.literal("resnet"),
    /** Of a patch's side, in pixels: the first stage has one position a patch. */
    patchSize: count.default(1),
    baseWidth: count,
    blocksPerStage: z.array(count).min(1),
    groups: count.default(8),
  }),
  z.strictObject({
    kind: z.literal("mae"),
    ...transformer,
    mlpWidth: count,
    decoderWidth: count,
    decoderLayers: count,
    decoderHeads: count,
    decoderMlpWidth: count.optional(),
  }),
  /** The encoder of a trained model under a fresh classifier. */
  z.strictObject({
    kind: z.literal("pretrained"),
    /** The folder of a run or of a model, or a name on the Hugging Face Hub. */
    from: z.string(),
    /** A branch, tag or commit on the Hub. */
    revision: z.string().optional(),
    /** Train an adapter beside the encoder's weights, not the weights. */
    lora: lora.optional(),
    /** Train the classifier alone and leave the encoder as it is. */
    linearProbe: z.boolean().default(false),
    /** Where the model was found; noted when a run starts. */
    folder: z.string().optional(),
  }),
]);

/** 4 loss. */
const objective = z.discriminatedUnion("kind", [
  z.strictObject({
    kind: z.literal("flowMatching"),
    time: z.enum(["uniform", "logitNormal"]).default("logitNormal"),
    /** Share of images whose class is left out, so that guidance has both to compare. */
    classDropout: share.default(0.1),
  }),
  z.strictObject({
    kind: z.literal("ddpm"),
    steps: count.default(1000),
    schedule: z.enum(["linear", "cosine"]).default("linear"),
    classDropout: share.default(0.1),
  }),
  z.strictObject({
    kind: z.literal("maskedPatches"),
    maskRatio: share.default(0.75),
    normalisePixels: z.boolean().default(true),
  }),
  z.strictObject({
    kind: z.literal("ntXent"),
    temperature: z.number().positive().default(0.5),
    hiddenWidth: count.default(256),
    projectionWidth: count.default(128),
  }),
  z.strictObject({ kind: z.literal("crossEntropy"), labelSmoothing: share.default(0) }),
]);

/** 6 iterate: for so many steps, or passes over the training images. */
const training = z.strictObject({ ...iteration, ...duration }).refine(...oneDuration);

/** Then: use it. Samples during training, and the defaults of `generate`. */
const generation = z
  .strictObject({
    count: count.default(36),
    /** Of the solver. */
    steps: count.default(20),
    solver: z.enum(["euler", "heun", "midpoint"]).default("heun"),
    /** 1: none. */
    guidance: z.number().nonnegative().default(2),
    /** From what time on, and until when, the class pulls: 0 is noise, 1 the picture. */
    guidanceFrom: share.default(0),
    guidanceUntil: share.default(1),
  })
  .prefault({});

export const imageRecipeSchema = z.strictObject({
  data,
  features,
  model,
  objective,
  optimizer,
  training,
  generation,
});

/** A recipe for images as it is written: values with a default may be missing. */
export type ImageRecipeInput = z.input<typeof imageRecipeSchema>;
/** A recipe for images with every default filled in. */
export type ImageRecipe = z.output<typeof imageRecipeSchema>;
