import { AutodidactError } from "../../core/errors.js";

/** Sound that has no features, settings of features that are not ours, or sound that cannot be augmented as asked. */
export class AudioFeatureError extends AutodidactError {}
