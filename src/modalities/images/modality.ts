import type { Modality } from "../modality.js";
import { bench } from "./bench/bench.js";
import { classifier } from "./kinds/classifier.js";
import { contrastive } from "./kinds/contrastive.js";
import { denoiser } from "./kinds/denoiser.js";
import { maskedAutoencoder } from "./kinds/masked-autoencoder.js";
import { type ImageRecipe, imageRecipeSchema } from "./recipe.js";

/** Images: denoisers learn to draw them, encoders to see what is in them. */
export const images = {
  name: "images",
  formats: ["images"],
  schema: imageRecipeSchema,
  sourceOf: ({ data }: ImageRecipe) => data.path ?? "the images of the pretrained model",
  prepare: async (recipe: ImageRecipe, around) =>
    (await import("./learning.js")).prepareImages(recipe, around),
  open: async (recipe: ImageRecipe, data, around) =>
    (await import("./learning.js")).openRunImages(recipe, data, around),
  kinds: [denoiser, classifier, maskedAutoencoder, contrastive],
  bench,
} satisfies Modality<ImageRecipe>;
