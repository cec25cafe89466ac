/** Finding and loading recipes, and the dotted flags that change them. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { basename, resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { modalityOf, resolveRecipe } from "../modalities/find.js";
import type { Modality, SharedRecipe } from "../modalities/modality.js";
import { RecipeError } from "../recipe/errors.js";
import { nearest } from "../recipe/nearest.js";
import { applyOverrides, type Override } from "../recipe/overrides.js";
import { shortened, withoutAlternatives } from "../recipe/run-length.js";
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
    if (/\.(?:[cm]?[jt]s|json)$/.test(path) && existsSync(path)) return path;
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

/** A recipe that was loaded. */
export interface LoadedRecipe {
  readonly name: string;
  readonly recipe: SharedRecipe;
  /** What was changed beside what the flags say. */
  readonly notes: readonly string[];
}

/** Loads a recipe, applies flags to it, fills in defaults. */
export async function loadRecipe(
  name: string,
  overrides: readonly Override[],
  modalities?: readonly Modality[],
): Promise<LoadedRecipe> {
  const path = locate(name);
  const exported = path.endsWith(".json") ? readJsonFile(path) : await readModule(path);
  const { recipe, notes } = changed(exported, overrides, path, modalities);
  return { name: basename(path).replace(/\.[^.]+$/, ""), recipe, notes };
}

function readJsonFile(path: string): object {
  try {
    const value: unknown = JSON.parse(readFileSync(path, "utf8"));
    if (typeof value === "object" && value !== null && !Array.isArray(value)) return value;
  } catch (cause) {
    throw new RecipeError(
      "a recipe file is not JSON",
      `${path}: ${(cause as Error).message}`,
      "mend the file; it holds one object with the sections of a recipe",
      { cause },
    );
  }
  throw new RecipeError(
    "a recipe file holds no recipe",
    path,
    "write one object with the sections of a recipe",
  );
}

/** What a recipe file exports. */
async function readModule(path: string): Promise<object> {
  await readTypeScript();
  const module = await import(pathToFileURL(path).href).catch((cause) => {
    throw new RecipeError(
      "a recipe file cannot be run",
      `${path}: ${cause?.message ?? cause}`,
      'mend the file; it is TypeScript that exports a recipe, made by `defineRecipe` from "autodidact"',
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
  modalities?: readonly Modality[],
): Pick<LoadedRecipe, "recipe" | "notes"> {
  const { schema } = modalityOf(recipe, modalities);
  const put = applyOverrides(withoutAlternatives(recipe, overrides), overrides, schema);
  const { recipe: fitting, notes } = shortened(put, overrides);
  return { recipe: resolveRecipe(fitting, source, modalities), notes };
}
