import { AutodidactError } from "../core/errors.js";

/** An objective was given a model, a batch or settings that do not fit it. */
export class ObjectiveError extends AutodidactError {}
