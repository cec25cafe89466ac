/** The measures of models of images: their flags, and how each is run. */
import { z } from "zod";
import {
  amountOption,
  countOption,
  flag,
  manyOption,
  seedOption,
  shareOption,
  textOption,
} from "../../options.js";

/** How samples are drawn. */
export const sampling = {
  guidance: flag(amountOption.optional(), "number", "how strongly the class pulls, 1 for not at all"),
  guidanceFrom: flag(
    shareOption.optional(),
    "time",
    "when the class begins to pull: 0 is noise, 1 the picture",
  ),
  guidanceUntil: flag(shareOption.optional(), "time", "and when it ends to"),
  steps: flag(countOption.optional(), "number", "from noise to picture"),
  solver: flag(z.enum(["euler", "heun", "midpoint"]).optional(), "name", "of the steps"),
};

/** Which images a model is measured on. */
export const referenceOptions = z.object({
  data: flag(textOption.optional(), "path", "images, as for training (default: those of the model's run)"),
  reference: flag(
    z.enum(["train", "test"]).default("test"),
    "split",
    "which of the images: those learned from, or those held out",
  ),
});

const mirrored = {
  mirrored: flag(z.boolean().optional(), "", "the classifier sees each image and its mirror image"),
};

/** What a classifier is measured on, and how it looks at it. */
export const accuracyOptions = z.object({ ...referenceOptions.shape, ...mirrored });

/** And what samples of it are compared by. */
export const comparisonOptions = z.object({
  ...referenceOptions.shape,
  features: flag(
    textOption.optional(),
    "model",
    "a run, or an .onnx file, by whose features images are compared",
  ),
  samples: flag(manyOption.default(1000), "count", "how many to draw"),
  ...sampling,
  seed: flag(seedOption.default(0), "number", "the same seed gives the same"),
});

/** And how the classifier looks at them that says what they are. */
export const judgementOptions = z.object({ ...comparisonOptions.shape, ...mirrored });

export type MeasureFlags = z.output<typeof referenceOptions> & Partial<z.output<typeof judgementOptions>>;

export type MeasureName = "fid" | "kid" | "precision-recall" | "accuracy" | "neighbours" | "knn";
