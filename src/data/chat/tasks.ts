import { DataError } from "../../files/errors.js";
import type { ReadingOptions } from "../reading.js";
import { turnsOf } from "./chat.js";
import { ChatError, type ChatMessage, checkMessages } from "./messages.js";
import { type RowReader, readRows } from "./rows.js";

/** Something asked, and what the right answer is. */
export interface ChatTask {
  readonly prompt: readonly ChatMessage[];
  /** Any value of JSON; a rule says what it has to do with an answer. */
  readonly answer: unknown;
  /** Where it comes from: `file:line`. */
  readonly source: string;
}

/**
 * The tasks of JSON Lines files. In a row `prompt` is a text or messages that end with the user, and `answer` what is
 * right. A row that is not so is bad.
 * @throws DataError naming file and line of bad rows, see `ReadingOptions`, and where there are no rows.
 */
export function readTasks(files: string | string[], options: ReadingOptions = {}): RowReader<ChatTask> {
  return readRows(files, options, ({ value, source }) => {
    if (value.answer === undefined || value.answer === null) {
      throw new DataError(
        "a task says nothing of the right answer",
        `${source} has: ${Object.keys(value).join(", ").slice(0, 200)}`,
        'write rows such as {"prompt": "2 + 3 =", "answer": "5"}',
      );
    }
    const prompt = turnsOf(value.prompt, "user", `${source}, prompt`);
    checkMessages(prompt, source);
    if (prompt.at(-1)?.role === "user") return [{ prompt, answer: value.answer, source }];
    throw new ChatError(
      "a task asks nothing of the assistant",
      `${source}: its last message is of the ${prompt.at(-1)?.role}`,
      "let prompt end with what the user says",
    );
  });
}
