import { AutodidactError } from "../core/errors.js";

/** A command was asked for what does not go together, or cannot be. */
export class CommandError extends AutodidactError {}
