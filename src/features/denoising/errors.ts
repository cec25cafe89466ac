import { AutodidactError } from "../../core/errors.js";

/** A sentence that cannot be spoiled as asked. */
export class DenoisingError extends AutodidactError {}
