import { AutodidactError } from "../core/errors.js";

/** A model folder or one of its files is damaged, incomplete, or of a kind that cannot be opened. */
export class CheckpointError extends AutodidactError {}
