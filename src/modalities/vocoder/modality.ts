import type { Modality } from "../modality.js";
import { vocoderKind } from "./kinds/vocoder.js";
import { type VocoderRecipe, vocoderRecipeSchema } from "./recipe.js";

/** Vocoders: models that make sound of mel spectrograms. They learn from any recordings. */
export const vocoding = {
  name: "vocoder",
  formats: ["vocoder"],
  schema: vocoderRecipeSchema,
  sourceOf: ({ data }: VocoderRecipe) => [data.path ?? "recordings"].flat().join(", "),
  prepare: async (recipe: VocoderRecipe, around) =>
    (await import("./learning.js")).prepareVocoder(recipe, around),
  open: async (recipe: VocoderRecipe, data, around) =>
    (await import("./learning.js")).openRunVocoder(recipe, data, around),
  kinds: [vocoderKind],
} satisfies Modality<VocoderRecipe>;
