import type { Modality } from "../modality.js";
import { classifier } from "./kinds/classifier.js";
import { denoiser } from "./kinds/denoiser.js";
import { type SoundRecipe, soundRecipeSchema } from "./recipe.js";

/** Sound: models that draw short sounds as mel spectrograms, and judges that tell their classes apart. */
export const sound = {
  name: "sound",
  formats: ["sound"],
  schema: soundRecipeSchema,
  sourceOf: ({ data }: SoundRecipe) => [data.path ?? "clips of sound"].flat().join(", "),
  prepare: async (recipe: SoundRecipe, around) =>
    (await import("./learning.js")).prepareSound(recipe, around),
  open: async (recipe: SoundRecipe, data, around) =>
    (await import("./learning.js")).openRunSound(recipe, data, around),
  kinds: [denoiser, classifier],
} satisfies Modality<SoundRecipe>;
