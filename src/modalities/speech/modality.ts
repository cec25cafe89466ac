import type { Modality } from "../modality.js";
import { bench } from "./bench/bench.js";
import { encoder } from "./kinds/encoder.js";
import { recogniser } from "./kinds/recogniser.js";
import { type SpeechRecipe, speechRecipeSchema } from "./recipe.js";

/** Speech: encoders learn from recordings alone, recognisers to write down what is said. */
export const speech = {
  name: "speech",
  formats: ["speech"],
  schema: speechRecipeSchema,
  sourceOf: ({ data }: SpeechRecipe) => data.path,
  prepare: async (recipe: SpeechRecipe, around) =>
    (await import("./learning.js")).prepareSpeech(recipe, around),
  open: async (recipe: SpeechRecipe, data, around) =>
    (await import("./learning.js")).openRunSpeech(recipe, data, around),
  kinds: [recogniser, encoder],
  bench,
} satisfies Modality<SpeechRecipe>;
