/**
 * Runs: from a recipe to a trained model in a folder, and on from there. Each step's parts have a subpath.
 *
 * @module autodidact
 */

export { AutodidactError } from "./core/errors.js";
export { nodeRuntime } from "./core/runtime/node.js";
export type { Runtime } from "./core/runtime/session.js";
export { openFolder } from "./files/disk.js";
export type { Folder } from "./files/folder.js";
export { memoryFolder } from "./files/memory.js";
export { RecipeError } from "./recipe/errors.js";
export {
  defineImageRecipe,
  type ImageRecipe,
  type ImageRecipeInput,
  resolveImageRecipe,
} from "./recipe/image-recipe.js";
export { type ImageRun, readImageRecipe, resumeImageRun, startImageRun } from "./recipe/image-run.js";
export { defineRecipe, type Recipe, type RecipeInput, resolveRecipe } from "./recipe/recipe.js";
export { type Run, RunError, readRecipe, resumeRun, type Surroundings, startRun } from "./recipe/run.js";
