import { DataError } from "../../files/errors.js";
import { describeLeftOut, Reading, type ReadingOptions } from "../reading.js";
import { numberedLines } from "../tables/numbered-lines.js";
import { findFilesOf } from "../text/find-files.js";
import { type FilesByLanguage, LINES } from "./aligned-files.js";
import { cleanText } from "./clean-text.js";
import { isLanguage, tagOf } from "./languages.js";
import type { Sentence } from "./pair.js";

/** Texts of one language or several, which need not belong together. */
export interface SentenceSet {
  readonly sentences: readonly Sentence[];
  /** What is not read, a phrase for each kind. */
  readonly leftOut: readonly string[];
}

/**
 * A sentence a line of files by their language, names, folders and globs, also .gz; cleaned as `cleanPairs` does, without
 * blank lines and what the language has already. Progress is in bytes.
 * @throws DataError for lines that are not UTF-8, see `ReadingOptions`, and where there are no sentences;
 * MissingFileError where nothing matches.
 */
export async function openMonolingual(
  byLanguage: FilesByLanguage,
  options: ReadingOptions = {},
): Promise<SentenceSet> {
  const reading = new Reading(options);
  const found = await Promise.all(
    Object.entries(byLanguage).map(async ([code, files]) => {
      if (!isLanguage(code)) throw noLanguage(code);
      return { language: tagOf(code), files: await findFilesOf(LINES, [files].flat(), reading) };
    }),
  );
  reading.begin(found.flatMap(({ files }) => files));
  const sentences: Sentence[] = [];
  for (const { language, files } of found) {
    const seen = new Set<string>();
    for (const file of files) {
      reading.beginFile(file);
      for await (const line of numberedLines(file, reading)) {
        if (line.text === undefined) continue;
        const text = cleanText(line.text);
        if (text === "") reading.passOver("a line is blank", line.source);
        else if (seen.has(text)) reading.passOver("a line repeats an earlier one", line.source);
        else {
          seen.add(text);
          sentences.push({ text, language });
        }
      }
    }
  }
  reading.finish(sentences.length);
  const leftOut = describeLeftOut(reading.leftOut);
  if (sentences.length === 0) throw noSentences(leftOut.join("; "));
  return { sentences, leftOut };
}

function noSentences(found: string): DataError {
  return new DataError("there are no sentences", found || "no files", "give files with a sentence a line");
}

function noLanguage(code: string): DataError {
  return new DataError(
    "files are named by no language",
    JSON.stringify(code),
    'name them as {"en": "news.en.gz", "de": "news.de.gz"}',
  );
}
