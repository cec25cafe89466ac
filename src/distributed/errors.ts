import { AutodidactError } from "../core/errors.js";

/** Processes that train together do not fit, or one of them is gone. */
export class RankError extends AutodidactError {}
