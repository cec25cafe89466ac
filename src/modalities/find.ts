/** Which modality a recipe is of. */
import type { z } from "zod";
import { RecipeError } from "../recipe/errors.js";
import { nearest } from "../recipe/nearest.js";
import { checkedBy } from "../recipe/resolve.js";
import type { Modality, SharedRecipe } from "./modality.js";
import { modalities as all, type RecipeInput, type Resolved } from "./table.js";

/** Throws `RecipeError` for a `data.format` that no modality has. */
export function modalityOf(recipe: unknown, modalities: readonly Modality[] = all): Modality {
  const format = (recipe as { data?: { format?: unknown } } | null)?.data?.format;
  const found =
    format === undefined ? modalities[0] : modalities.find(({ formats }) => formats.includes(String(format)));
  if (found) return found;
  const formats = modalities.flatMap((modality) => modality.formats);
  const near = nearest(String(format), formats);
  throw new RecipeError(
    "a recipe's data are of no known format",
    `data.format: ${JSON.stringify(format)}`,
    `${near ? `did you mean "${near}"? ` : ""}give one of ${formats.join(", ")}`,
  );
}

/** Checks a recipe and fills in the defaults. Throws `RecipeError` naming the key and the nearest one. */
export function resolveRecipe<I extends RecipeInput>(
  recipe: I,
  source: string,
  modalities?: readonly Modality[],
): Resolved<I>;
export function resolveRecipe<R extends SharedRecipe = SharedRecipe>(
  recipe: unknown,
  source: string,
  modalities?: readonly Modality[],
): R;
export function resolveRecipe(
  recipe: unknown,
  source: string,
  modalities: readonly Modality[] = all,
): SharedRecipe {
  const schema: z.ZodType<SharedRecipe> = modalityOf(recipe, modalities).schema;
  return checkedBy(schema, recipe, source);
}
