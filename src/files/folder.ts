/** A part of a file: bytes, text, or bytes that are made piece by piece while the file is written. */
export type Part = Uint8Array | string | Iterable<Uint8Array>;

/** The pieces of a part, one at a time. */
export function piecesOf(part: Part): Iterable<Uint8Array | string> {
  return typeof part === "string" || part instanceof Uint8Array ? [part] : part;
}

/**
 * A folder as the rooms that must run in a browser see it. Paths are relative, with forward slashes.
 * `data/disk.ts` implements it over Node's file system.
 */
export interface Folder {
  /** Where the folder is, for messages. */
  readonly location: string;
  /** The whole file. Throws `MissingFileError` when there is none. */
  read(path: string): Promise<Uint8Array>;
  /** Fills `target` from byte `offset` of the file; throws when the file is shorter. */
  readInto(path: string, offset: number, target: Uint8Array): Promise<void>;
  /** Size in bytes, or undefined when there is no such file. */
  size(path: string): Promise<number | undefined>;
  /** Writes the parts one after another: temporary name, fsync, rename. On failure the old file stays. */
  write(path: string, ...parts: Part[]): Promise<void>;
  /** Adds to the end of a file, creating it when missing. */
  append(path: string, part: Uint8Array | string): Promise<void>;
  /** Renames a file or folder inside this folder and makes the rename durable. */
  rename(from: string, to: string): Promise<void>;
  /** Names directly inside a sub-folder ("" for this one), sorted; empty when it does not exist. */
  list(path: string): Promise<string[]>;
  /** Removes a file or a whole sub-folder; nothing happens when there is none. */
  remove(path: string): Promise<void>;
  /** A view of a sub-folder. */
  folder(path: string): Folder;
}
