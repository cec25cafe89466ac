import { createHash } from "node:crypto";
import { DataError } from "../../files/errors.js";
import { heldOutKeys } from "../held-out-keys.js";
import type { LeftOut } from "../reading.js";
import { findFiles } from "../text/find-files.js";
import { allDocuments, type SourceOptions } from "../text/sources.js";
import { answerWords } from "./answer-words.js";
import { type Section, sectionsOf } from "./sections.js";

/** A section of somebody's notes. */
export interface NoteSection extends Section {
  /** 64 bits of the SHA-256 of its words, in hexadecimal. */
  readonly id: string;
  /** The file, or `file:row`. */
  readonly source: string;
  /** Kept apart whole: nothing of it is learned. */
  readonly isHeldOut: boolean;
}

/** What notes hold. */
export interface Notes {
  readonly sections: readonly NoteSection[];
  /** Sections with the words of an earlier one, below whatever heading. */
  readonly repeated: number;
  readonly leftOut: readonly LeftOut[];
}

/** What to read, and how much of it is kept apart. */
export interface NotesOptions extends SourceOptions {
  /** Of all words, in (0, 1). */
  readonly validationFraction: number;
  readonly seed: number;
}

/**
 * The sections of all files, in order. Which are held out depends on the seed and on their words: what is written twice,
 * however it is set and below whatever heading, is on one side, as only the first is kept.
 * @throws DataError where there are fewer than two sections, and for bad data, see `ReadingOptions`; MissingFileError:
 * see `findFiles`.
 */
export async function readNotes({
  files,
  validationFraction,
  seed,
  ...options
}: NotesOptions): Promise<Notes> {
  const documents = allDocuments(await findFiles(files), options);
  const found = new Map<string, Omit<NoteSection, "isHeldOut">>();
  const sizes = new Map<string, number>();
  const bodies = new Set<string>();
  let repeated = 0;
  for await (const { source, pieces } of documents) {
    let text = "";
    for await (const piece of pieces()) text += piece;
    for (const section of sectionsOf(text)) {
      const words = answerWords(section.text);
      if (words.length === 0) continue;
      const bodyWords = answerWords(section.body);
      const body = idOf(bodyWords.length > 0 ? bodyWords : words);
      if (bodies.has(body)) repeated++;
      if (bodies.has(body)) continue;
      bodies.add(body);
      const id = idOf(words);
      found.set(id, { ...section, id, source });
      sizes.set(id, words.length);
    }
  }
  if (found.size < 2) {
    throw new DataError(
      "the notes have too few sections to learn from some and to measure with others",
      `${found.size} in ${[files].flat().slice(0, 3).join(", ")}`,
      "give more files, or notes with headings",
    );
  }
  const total = [...sizes.values()].reduce((a, b) => a + b, 0);
  const held = heldOutKeys(sizes, validationFraction * total, seed);
  const sections = [...found.values()].map((section) => ({ ...section, isHeldOut: held.has(section.id) }));
  return { sections, repeated, leftOut: documents.leftOut };
}

const idOf = (words: readonly string[]) =>
  createHash("sha256").update(words.join(" ")).digest("hex").slice(0, 16);
