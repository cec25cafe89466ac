import type { Split } from "../images/collection.js";

/** A sentence or message, and its translation. */
export interface Pair {
  readonly source: string;
  readonly target: string;
  /** BCP 47, such as "en" or "zh-CN". */
  readonly sourceLanguage: string;
  readonly targetLanguage: string;
  /** Where it comes from, for messages: `file:line`. */
  readonly origin: string;
  /** Page of a manual: what must not be on both sides of a split. */
  readonly page?: string;
  /** Where the set itself says so. */
  readonly split?: Split;
}

/** What files hold. */
export interface PairSet {
  readonly pairs: readonly Pair[];
  /** Those of all pairs. */
  readonly sourceLanguage: string;
  readonly targetLanguage: string;
  /** How it is laid out, such as "TMX", for messages. */
  readonly layout: string;
  /** What is not read, a phrase for each kind: "2 where the message is fuzzy (de.po: File; de.po: Edit)". */
  readonly leftOut: readonly string[];
}

/** A text in one language. */
export interface Sentence {
  readonly text: string;
  readonly language: string;
}

/** What a file says in one place, before it is known which two languages are wanted. */
export interface TextRow {
  /**
   * By language, in the file's order; under "source" and "target" where the file does not say which they are. Other
   * names may be among them.
   */
  readonly texts: Readonly<Record<string, string>>;
  readonly origin: string;
  readonly page?: string;
  readonly split?: Split;
}
