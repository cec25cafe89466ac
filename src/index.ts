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
export { modalityOf, resolveRecipe } from "./modalities/find.js";
export type * from "./modalities/modality.js";
export { type Run, RunError, readRecipe, resumeRun, startRun } from "./modalities/run.js";
export { findNamed } from "./modalities/saved.js";
export {
  defineRecipe,
  type LearningOf,
  type Recipe,
  type RecipeInput,
} from "./modalities/table.js";
export { RecipeError } from "./recipe/errors.js";
