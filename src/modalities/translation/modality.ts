import type { Modality } from "../modality.js";
import { bench } from "./bench/bench.js";
import { translator } from "./kinds/translator.js";
import { type TranslationRecipe, translationRecipeSchema } from "./recipe.js";

/** Translation: models repair spoiled sentences, then learn from pairs to say in another language what a text says. */
export const translation = {
  name: "translation",
  formats: ["translation"],
  schema: translationRecipeSchema,
  sourceOf: ({ data: { pairs, files } }: TranslationRecipe) => {
    const given = pairs ?? files!;
    return typeof given === "string" ? given : Object.values(given).flat().join(", ");
  },
  prepare: async (recipe: TranslationRecipe, around) =>
    (await import("./learning.js")).prepareTranslation(recipe, around),
  open: async (recipe: TranslationRecipe, data, around) =>
    (await import("./learning.js")).openRunTranslation(recipe, data, around),
  kinds: [translator],
  bench,
} satisfies Modality<TranslationRecipe>;
