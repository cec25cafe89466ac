/** Two files whose lines belong together. */

import { basename } from "node:path";
import { DataError } from "../../files/errors.js";
import { splitNamed } from "../images/split-names.js";
import type { Reading } from "../reading.js";
import { type NumberedLine, numberedLines } from "../tables/numbered-lines.js";
import { type FileKinds, findFilesOf, type SourceFile } from "../text/find-files.js";
import { isLanguage } from "./languages.js";
import type { TextRow } from "./pair.js";

/** Files by their language, such as {"en": "train.en", "de": "train.de"}: names and globs, each also .gz. */
export type FilesByLanguage = Readonly<Record<string, string | readonly string[]>>;

/** Two files by their languages. */
type Aligned = readonly [language: string, file: SourceFile<"lines">][];

/** Any file is one of lines. */
export const LINES: FileKinds<"lines"> = {
  formatOf: () => "lines",
  supported: "files with a text a line, each also with .gz",
};

/** What a pattern such as `train.{en,de}` stands for; undefined where its braces hold no two languages. */
export function filesOfLanguages(pattern: string): FilesByLanguage | undefined {
  const [, before, first, second, behind] = /^(.*)\{([\w-]+),([\w-]+)\}(.*)$/.exec(pattern) ?? [];
  if (first === undefined || !isLanguage(first) || !isLanguage(second)) return undefined;
  return Object.fromEntries([first, second].map((code) => [code, `${before}${code}${behind}`]));
}

/**
 * The files of each two languages, in the order of their names.
 * @throws MissingFileError where there are none; DataError for other than two languages and unequal numbers of files.
 */
export async function findAligned(byLanguage: FilesByLanguage, reading: Reading): Promise<Aligned[]> {
  const languages = Object.keys(byLanguage);
  if (languages.length !== 2 || !languages.every(isLanguage)) throw notTwo(languages);
  const [first, second] = await Promise.all(
    languages.map((code) => findFilesOf(LINES, [byLanguage[code]].flat(), reading)),
  );
  if (first.length !== second.length) throw unequalFiles(languages, [first, second]);
  return first.map((file, i) => [
    [languages[0], file],
    [languages[1], second[i]],
  ]);
}

/**
 * A row for each line of both.
 * @throws DataError for unequal numbers of lines, also where bad ones are skipped: nobody knows which belong together.
 */
export async function* alignedRows(aligned: Aligned, reading: Reading): AsyncGenerator<TextRow> {
  const [[first, one], [second, other]] = aligned;
  reading.beginFile({ bytes: one.bytes + other.bytes });
  const split = splitOfBoth(one.path, other.path);
  const [left, right] = [numberedLines(one, reading), numberedLines(other, reading)];
  for (let line = 1; ; line++) {
    const [a, b] = [await left.next(), await right.next()];
    if (a.done && b.done) return;
    if (a.done || b.done) {
      const counts = [line - 1, line + (await countOf(a.done ? right : left))];
      const found = a.done ? counts : counts.reverse();
      throw unequalLines([one.path, other.path], found);
    }
    if (a.value.text === undefined || b.value.text === undefined) continue;
    yield { texts: { [first]: a.value.text, [second]: b.value.text }, origin: a.value.source, split };
  }
}

function splitOfBoth(one: string, other: string): TextRow["split"] {
  const [a, b] = [one, other].map((path) => splitNamed(basename(path))?.split);
  return a === b ? a : undefined;
}

async function countOf(lines: AsyncGenerator<NumberedLine>): Promise<number> {
  let count = 0;
  for await (const _ of lines) count++;
  return count;
}

function unequalLines(paths: readonly string[], counts: readonly number[]): DataError {
  return new DataError(
    "two files that belong together have unequal numbers of lines",
    paths.map((path, i) => `${path}: ${counts[i]}`).join(", "),
    "take both from one release of the corpus; no line may be left out, an untranslated one stays empty",
  );
}

function unequalFiles(languages: readonly string[], files: readonly SourceFile<"lines">[][]): DataError {
  return new DataError(
    "the two languages have unequal numbers of files",
    languages.map((code, i) => `${code}: ${files[i].length} (${files[i][0].path}, ...)`).join("; "),
    "name for each file of one language that of the other",
  );
}

function notTwo(languages: readonly string[]): DataError {
  return new DataError(
    "files that belong together are of two languages",
    languages.join(", ") || "none",
    'name them as {"en": "train.en", "de": "train.de"}',
  );
}
