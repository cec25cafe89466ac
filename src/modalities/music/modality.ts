import type { Modality } from "../modality.js";
import { composer } from "./kinds/composer.js";
import { harmoniser } from "./kinds/harmoniser.js";
import { type MusicRecipe, musicRecipeSchema } from "./recipe.js";

/** Music: decoders learn to predict the next note, in words of chorales or of any MIDI file. */
export const music = {
  name: "music",
  formats: ["music"],
  schema: musicRecipeSchema,
  sourceOf: ({ data }: MusicRecipe) => data.path ?? [data.files ?? "music"].flat().join(", "),
  prepare: async (recipe: MusicRecipe, around) =>
    (await import("./learning.js")).prepareMusic(recipe, around),
  open: async (recipe: MusicRecipe, data) => (await import("./learning.js")).openRunMusic(recipe, data),
  kinds: [composer, harmoniser],
} satisfies Modality<MusicRecipe>;
