import type { Split } from "../images/collection.js";

/** One recording of a set, not yet read. */
export interface Recording {
  /** Its name in the set, without folder of all and extension. */
  readonly id: string;
  /** Where it comes from, for messages. */
  readonly source: string;
  /** What is said, in Unicode's composed form; undefined where nobody wrote it down. */
  readonly text?: string;
  readonly speaker?: string;
  /** Session, book or level: what must not be on both sides of a split. */
  readonly group?: string;
  /** Where the set itself says so. */
  readonly split?: Split;
  /** The encoded sound. Throws `AudioError` when it cannot be read. */
  read(): Promise<Uint8Array>;
}

/** What a path holds. */
export interface RecordingSet {
  /** How it is laid out, such as "LibriSpeech", for messages. */
  readonly layout: string;
  readonly recordings: readonly Recording[];
  /** What is not read, a phrase for each kind: "3 files of lists, not to be found, such as a.wav, b.wav, c.wav". */
  readonly leftOut: readonly string[];
}
