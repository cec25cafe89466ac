import { AutodidactError } from "../core/errors.js";

/** A recipe, or a flag that changes one, names a key or holds a value that does not exist there. */
export class RecipeError extends AutodidactError {}

/** A folder cannot serve as this run's. */
export class RunError extends AutodidactError {}
