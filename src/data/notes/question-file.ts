/** A run's questions as a file that people read, change and give back. */

import { DataError } from "../../files/errors.js";
import type { Folder } from "../../files/folder.js";
import { readRows } from "../chat/rows.js";
import type { ReadingOptions } from "../reading.js";
import type { Question } from "./questions.js";

/** Where a question belongs: to what is learned, to what is measured over sections that are learned, or over others. */
export type QuestionPart = "train" | "heldOut" | "unseen";

/** A question that somebody gave. */
export interface GivenQuestion {
  readonly question: Question;
  /** `file:line`. */
  readonly source: string;
}

/** A question and its part. */
export interface PartedQuestion extends Question {
  readonly part: QuestionPart;
}

export const questionsFile = "questions.jsonl";

/** Writes a line of JSON a question. */
export async function writeQuestions(folder: Folder, questions: readonly PartedQuestion[]): Promise<void> {
  await folder.write(questionsFile, questions.map((question) => `${JSON.stringify(question)}\n`).join(""));
}

/** What `writeQuestions` wrote; undefined where there is no such file. */
export async function storedQuestions(folder: Folder): Promise<PartedQuestion[] | undefined> {
  if ((await folder.size(questionsFile)) === undefined) return undefined;
  const lines = new TextDecoder().decode(await folder.read(questionsFile)).split("\n");
  return lines.filter((line) => line !== "").map((line) => JSON.parse(line));
}

/**
 * Questions from files of people, rows of `prompt`, `completion` and, of questions about a section, its `section`.
 * @throws DataError for rows without texts, see `ReadingOptions`, and where there are none.
 */
export function readQuestionFile(files: string | string[], options: ReadingOptions = {}) {
  return readRows<GivenQuestion>(files, options, ({ value, source }) => {
    const { prompt, completion, section = "" } = value;
    for (const [name, text] of Object.entries({ prompt, completion, section })) {
      if (typeof text === "string" && (text.trim() !== "" || name === "section")) continue;
      throw new DataError(
        "a row is no question",
        `${source}: ${name} is ${JSON.stringify(text) ?? "missing"}`,
        "write rows of prompt and completion, and of section as the run wrote it",
      );
    }
    return [{ question: { section, prompt, completion } as Question, source }];
  });
}
