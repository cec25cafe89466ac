import { AutodidactError } from "../core/errors.js";

/** A generation cannot be done as it was asked for. */
export class GenerationError extends AutodidactError {}
