import { AutodidactError } from "../../core/errors.js";

/** Music that words cannot say, or words that are no music. */
export class MusicWordsError extends AutodidactError {}
