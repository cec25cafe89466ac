import { AutodidactError } from "../core/errors.js";

/** Data cannot be used as it is: bad bytes, a missing field, an empty file, a text that is too short. */
export class DataError extends AutodidactError {}

/** A file that was asked for is not there. */
export class MissingFileError extends DataError {}

/** Token shards are damaged, cut short, missing, or of an unknown layout. */
export class ShardError extends DataError {}

/** A folder could not do what was asked: a full disk, a path that leads outside, a name already taken. */
export class FolderError extends DataError {}
