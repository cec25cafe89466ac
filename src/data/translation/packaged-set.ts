import type { Reading } from "../reading.js";
import type { TextRow } from "./pair.js";

/** How pairs of English and another language lie in the folder of a package that ships them. */
export interface PackagedSet {
  /** For messages. */
  readonly layout: string;
  /** Where the package puts it. */
  readonly folder: string;
  /** What installs it. */
  readonly install: string;
  /** Of the folder, where each language has a folder of its code. */
  readonly languages: string;
  /** What stands before the code in their names; default: nothing. */
  readonly prefix?: string;
  /** Whether a folder is such a one. */
  isAt(folder: string): Promise<boolean>;
  /** `language` is what its folder is called, without the prefix. */
  rows(folder: string, language: string, reading: Reading): AsyncGenerator<TextRow>;
}
