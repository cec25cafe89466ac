import { detection } from "./detection/modality.js";
import { images } from "./images/modality.js";
import type { Learning, Modality } from "./modality.js";
import { music } from "./music/modality.js";
import { sound } from "./sound/modality.js";
import { speech } from "./speech/modality.js";
import { text } from "./text/modality.js";
import { translation } from "./translation/modality.js";
import { vocoding } from "./vocoder/modality.js";

/** Every kind of data that there is. A recipe without `data.format` is one of the first. */
export const modalities = [
  text,
  images,
  speech,
  translation,
  detection,
  music,
  sound,
  vocoding,
] as const satisfies readonly Modality[];

/** A recipe as it is written: values with a default may be missing. */
export type RecipeInput = (typeof modalities)[number]["schema"]["_zod"]["input"];
/** A recipe with every default filled in. */
export type Recipe = (typeof modalities)[number]["schema"]["_zod"]["output"];

/** What a recipe that is written like this resolves to. */
export type Resolved<I> = ResolvedBy<(typeof modalities)[number], I>;

type ResolvedBy<M, I> = M extends {
  readonly schema: { readonly _zod: { readonly input: infer In; readonly output: infer Out } };
}
  ? [I] extends [In]
    ? Out
    : never
  : never;

/** What a run of a recipe has beside every run's. */
export type LearningOf<R> = [LearnedBy<(typeof modalities)[number], R>] extends [never]
  ? Learning
  : LearnedBy<(typeof modalities)[number], R>;

type LearnedBy<M, R> = M extends {
  readonly schema: { readonly _zod: { readonly output: infer Own } };
  open(...args: never): Promise<infer L>;
}
  ? [R] extends [Own]
    ? L
    : never
  : never;

/** Marks an object as a recipe, so that the compiler checks it where it is written. */
export function defineRecipe<R extends RecipeInput>(recipe: R): R {
  return recipe;
}
