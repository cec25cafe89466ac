import { DataError } from "../../files/errors.js";

/** A file of music cannot be read, or a score cannot be written as one. */
export class MusicError extends DataError {}
