import { AutodidactError } from "../../core/errors.js";

/** A file of messages, a glossary or a translation cannot be used as it is. */
export class LocalisationError extends AutodidactError {}
