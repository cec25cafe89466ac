/** Finding and loading recipes, and the dotted flags that change them. */
import { existsSync, readdirSync } from "node:fs";
import { basename, resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { RecipeError } from "../recipe/errors.js";
import {
  type ImageRecipe,
  imageRecipeSchema,
  isForImages,
  resolveImageRecipe,
} from "../recipe/image-recipe.js";
import { nearest } from "../recipe/nearest.js";
import { applyOverrides, type Override } from "../recipe/overrides.js";
import { type Recipe, recipeSchema, resolveRecipe } from "../recipe/recipe.js";
import { readTypeScript } from "./read-typescript.js";

const shippedFolder = fileURLToPath(new URL("../../recipes/", import.meta.url));

/** Names of the recipes that come with Autodidact. */
export function shippedRecipes(): string[] {
  return readdirSync(shippedFolder)
    .filter((file) => file.endsWith(".ts"))
    .map((file) => basename(file, ".ts"));
}

/** Path of a recipe given as a file or as a shipped name. Throws `RecipeError` with the nearest name. */
function locate(recipe: string): string {
  const shipped = resolve(shippedFolder, `${recipe}.ts`);
  for (const path of [resolve(recipe), shipped]) {
    if (/\.[cm]?[jt]s$/.test(path) && existsSync(path)) return path;
  }
  // `recipes/gpt-small.ts` means the shipped one where the current folder has no such file.
  const inside = resolve(shippedFolder, basename(recipe));
  if (/^recipes[\\/][^\\/]+\.ts$/.test(recipe) && existsSync(inside)) return inside;
  const names = shippedRecipes();
  const near = nearest(basename(recipe, ".ts"), names);
  throw new RecipeError(
    "there is no such recipe",
    recipe,
    `${near ? `did you mean "${near}"? ` : ""}give a file or one of ${names.join(", ")}`,
  );
}

/** Loads a recipe, applies flags to it, fills in defaults. */
export async function loadRecipe(
  name: string,
  overrides: readonly Override[],
): Promise<{ name: string; recipe: Recipe | ImageRecipe }> {
  const path = locate(name);
  const recipe = changed(await readModule(path), overrides, path);
  return { name: basename(path).replace(/\.[^.]+$/, ""), recipe };
}

/** What a recipe file exports. */
async function readModule(path: string): Promise<object> {
  await readTypeScript();
  const module = await import(pathToFileURL(path).href).catch((cause) => {
    throw new RecipeError(
      "a recipe file cannot be run",
      `${path}: ${cause?.message ?? cause}`,
      "mend the file; it is TypeScript that exports a recipe",
      { cause },
    );
  });
  const exported = module.default;
  if (typeof exported === "object" && exported !== null) return exported;
  throw new RecipeError(
    "a recipe file exports no recipe",
    path,
    "write `export default defineRecipe({ ... })`",
  );
}

/** A recipe with flags applied, checked against the schema. */
export function changed(
  recipe: object,
  overrides: readonly Override[],
  source: string,
): Recipe | ImageRecipe {
  if (isForImages(recipe)) {
    return resolveImageRecipe(applyOverrides(recipe, overrides, imageRecipeSchema), source);
  }
  return resolveRecipe(applyOverrides(recipe, overrides, recipeSchema), source);
}
