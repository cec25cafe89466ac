import { AutodidactError } from "../../core/errors.js";

/** Images cannot be augmented as asked. */
export class AugmentError extends AutodidactError {}
