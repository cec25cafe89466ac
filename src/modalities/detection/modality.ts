import type { Modality } from "../modality.js";
import { bench } from "./bench/bench.js";
import { detector } from "./kinds/detector.js";
import { type DetectionRecipe, detectionRecipeSchema } from "./recipe.js";

/** Detection: things in pictures, and where they are; learned from pictures alone too. */
export const detection = {
  name: "detection",
  formats: ["detection"],
  schema: detectionRecipeSchema,
  sourceOf: ({ data }: DetectionRecipe) => data.path ?? "pictures with boxes",
  prepare: async (recipe: DetectionRecipe, around) =>
    (await import("./learning.js")).prepareDetection(recipe, around),
  open: async (recipe: DetectionRecipe, data, around) =>
    (await import("./learning.js")).openRunDetection(recipe, data, around),
  kinds: [detector],
  bench,
} satisfies Modality<DetectionRecipe>;
