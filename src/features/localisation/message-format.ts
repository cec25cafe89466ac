import { LocalisationError } from "./errors.js";

/** A text of a product that is translated as one. */
export interface Message {
  /** Which one it is; no other of its file has the same. */
  readonly key: string;
  readonly source: string;
  /** What already stands there as its translation, if anything. */
  readonly target?: string;
  /** What its authors say about it to translators. */
  readonly note?: string;
}

/** Translations by the keys of their messages. */
export type Translations = ReadonlyMap<string, string>;

/** How messages lie in files. What is written keeps every byte that need not change. */
export interface MessageFormat {
  /** Whether one file holds both languages, as PO and XLIFF; of others each language has a file of its own. */
  readonly isBilingual: boolean;
  /**
   * The messages of a file, with the translations that `existing`, the file of the other language, has.
   * @throws LocalisationError where the file cannot be read without losing something.
   */
  read(text: string, existing?: string): Message[];
  /**
   * The file with these translations: `existing` with what is new or changed, or else `text` with the translations
   * in the place of their sources.
   * @throws LocalisationError where a translation belongs to no message, and as `read`.
   */
  write(text: string, translations: Translations, existing?: string): string;
}

/** A stretch of a text, and what comes in its place. */
export interface TextEdit {
  readonly offset: number;
  readonly length: number;
  readonly content: string;
}

/** The text with all edits, which do not overlap; of those at one place in the order given. */
export function edited(text: string, edits: readonly TextEdit[]): string {
  const pieces: string[] = [];
  let at = 0;
  for (const { offset, length, content } of edits.toSorted((a, b) => a.offset - b.offset)) {
    pieces.push(text.slice(at, offset), content);
    at = offset + length;
  }
  return pieces.join("") + text.slice(at);
}

/** "line 3, column 5" of an offset, for messages. */
export function placeOf(text: string, offset: number): string {
  const lines = text.slice(0, offset).split(/\r\n|\r|\n/);
  return `line ${lines.length}, column ${lines.at(-1)!.length + 1}`;
}

/** @throws LocalisationError where two messages have one key. */
export function requireUniqueKeys(messages: readonly Message[]): void {
  const seen = new Set<string>();
  for (const { key } of messages) {
    if (seen.has(key)) {
      throw new LocalisationError(
        "two messages of a file have the same key",
        JSON.stringify(key),
        "remove one of them: which one a program shows depends on its reader",
      );
    }
    seen.add(key);
  }
}

/** @throws LocalisationError where a translation has the key of no message. */
export function requireKnownKeys(translations: Translations, keys: { has(key: string): boolean }): void {
  const astray = [...translations.keys()].filter((key) => !keys.has(key));
  if (astray.length === 0) return;
  throw new LocalisationError(
    "there are translations of messages that the file does not have",
    `${astray.length}, the first is ${JSON.stringify(astray[0])}`,
    "read the messages again from the file that is written",
  );
}

/** @throws LocalisationError for a translation of several lines, where the file has room for one. */
export function requireOneLine(translation: string): void {
  if (!/[\r\n]/.test(translation)) return;
  throw new LocalisationError(
    "a translation of one line has several",
    JSON.stringify(translation),
    "translate a line as one line",
  );
}
