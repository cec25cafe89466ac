import type { z } from "zod";
import { describeIssue } from "./describe-issue.js";
import { RecipeError } from "./errors.js";

/** What the schema makes of a recipe. Throws `RecipeError` naming the key, and the nearest for an unknown one. */
export function checkedBy<Schema extends z.ZodType>(
  schema: Schema,
  recipe: unknown,
  source: string,
): z.output<Schema> {
  const result = schema.safeParse(recipe);
  if (result.success) return result.data;
  const { what, values, advice } = describeIssue(result.error.issues[0], recipe, schema);
  throw new RecipeError(what, `${values} in ${source}`, advice);
}
