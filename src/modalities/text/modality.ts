import type { Modality } from "../modality.js";
import { bench } from "./bench/bench.js";
import { decoder } from "./kinds/decoder.js";
import { type TextRecipe, textRecipeSchema } from "./recipe.js";

/** Text, chats, preferences, notes and tasks: decoders learn to predict the next token. */
export const text = {
  name: "text",
  formats: ["text", "chat", "preferences", "notes", "tasks"],
  schema: textRecipeSchema,
  sourceOf({ data }: TextRecipe) {
    const files = [data.files].flat();
    return files.length > 3 ? `${files.length} files` : files.join(", ");
  },
  prepare: async (recipe: TextRecipe, around) => (await import("./learning.js")).prepareText(recipe, around),
  open: async (recipe: TextRecipe, data, around) =>
    (await import("./learning.js")).openText(recipe, data, around),
  kinds: [decoder],
  bench,
} satisfies Modality<TextRecipe>;
