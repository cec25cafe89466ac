/** A recipe for detection: the six steps as plain, explicit values. */
import { z } from "zod";
import { count, duration, iteration, oneDuration, optimizer, share } from "../../recipe/sections.js";
import { colorJitter } from "../images/recipe.js";

/** 1 prepare data. */
const data = z.strictObject({
  format: z.literal("detection"),
  /** A folder of pictures, and beside them COCO's JSON, Pascal VOC's XML, YOLO's text files or tables of CSV. */
  path: z.string().optional(),
  /** What a picture that cannot be read does: it stops the run, or is left out and counted. */
  onCorrupt: z.enum(["stop", "skip"]).default("stop"),
  /** Held out where the set says nothing of splits. */
  validationFraction: share.default(0.1),
  /**
   * A folder of pictures with transparency, a class a folder: they are put on the pictures of `path`, which then need no
   * boxes.
   */
  cutOuts: z.string().optional(),
  /** So many pictures are made with them. */
  composites: count.min(2).default(1000),
  /** Learn from so many of the pictures with boxes, chosen by the seed; default all. */
  labelledPictures: count.optional(),
});

/** Changes to each batch, drawn anew each time it is learned from; see features/detection/augment. */
const augment = z.strictObject({
  /** Chance of a picture made of parts of four; none in the last fifth of training. */
  mosaic: share.optional(),
  /** Things of another picture that are pasted at most. */
  copyPaste: z.int().nonnegative().optional(),
  scale: z.strictObject({ min: z.number().positive(), max: z.number().positive() }).optional(),
  /** Left and right change places, half of the time. */
  flip: z.boolean().optional(),
  /** Top and bottom do: for pictures that have no up. */
  flipUpright: z.boolean().optional(),
  colorJitter: colorJitter.optional(),
});

/** 2 features: pictures stretched to one size, in pixels; the model says something of every 8 x 8 of them. */
const features = z.strictObject({
  kind: z.literal("pixels"),
  height: count.max(4096).default(240),
  width: count.max(4096).default(320),
  augment: augment.default({}),
});

const head = {
  /** Start from the weights of a trained model, as far as they have the same names: a run, or a name on the Hub. */
  from: z.string().optional(),
  /** A branch, tag or commit on the Hub. */
  revision: z.string().optional(),
  /** Where that model was found; noted when a run starts. */
  folder: z.string().optional(),
  /** Channels of the head. */
  mapWidth: count.default(64),
  /** Convolutions of each of its two towers. */
  towerLayers: count.default(2),
  /** Of every group norm. */
  groups: count.default(8),
};

/** 3 predict. */
const model = z.discriminatedUnion("kind", [
  z.strictObject({
    kind: z.literal("featurePyramid"),
    stemWidth: count,
    stageWidths: z.array(count).min(2),
    blocksPerStage: z.array(count).min(2),
    ...head,
  }),
  z.strictObject({
    kind: z.literal("vit"),
    patchSize: count,
    embedWidth: count,
    numLayers: count,
    numHeads: count,
    mlpWidth: count,
    ...head,
  }),
]);

/** 4 loss. */
const objective = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("denseDetection") }),
  /** The same loss without anybody's boxes: parts of other pictures are pasted, and have to be located. */
  z.strictObject({ kind: z.literal("pasteAndLocate") }),
]);

/** 6 iterate: for so many steps, or passes over the pictures. */
const training = z.strictObject({ ...iteration, ...duration }).refine(...oneDuration);

/** Then: use it. The defaults of `detect`. */
const generation = z
  .strictObject({
    /** How sure a box has to be; default: where precision and recall on held-out pictures are best together. */
    threshold: share.optional(),
    /** From which overlap on two boxes of a class are one thing. */
    overlap: share.default(0.5),
  })
  .prefault({});

export const detectionRecipeSchema = z.strictObject({
  data,
  features,
  model,
  objective,
  optimizer,
  training,
  generation,
});

/** A recipe for detection with every default filled in. */
export type DetectionRecipe = z.output<typeof detectionRecipeSchema>;
