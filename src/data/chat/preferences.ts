import type { ReadingOptions } from "../reading.js";
import type { TableRow } from "../tables/table-row.js";
import { turnsOf } from "./chat.js";
import { ChatError, type ChatMessage, checkMessages } from "./messages.js";
import { type RowReader, readRows } from "./rows.js";

/** Two ways to go on after a prompt, the first of which is liked better. */
export interface Preference {
  readonly prompt: readonly ChatMessage[];
  /** What follows the prompt; begins with the assistant. */
  readonly chosen: readonly ChatMessage[];
  readonly rejected: readonly ChatMessage[];
  /** Where it comes from: `file:line`. */
  readonly source: string;
}

/** Preferences, and how many rows the latest reading has dropped so far because both answers are the same. */
export interface Preferences extends RowReader<Preference> {
  readonly dropped: number;
}

/**
 * The preferences of JSON Lines and Parquet files. In a row `prompt` is a text or messages; `chosen` and `rejected` are
 * texts, messages that follow the prompt, or whole conversations that begin with it. Without a prompt
 * the conversations' common beginning is it. A row that is not so is bad.
 * @throws DataError naming file and line of bad rows, see `ReadingOptions`, and where there are no rows.
 */
export function readPreferences(files: string | string[], options: ReadingOptions = {}): Preferences {
  let dropped = 0;
  const rows = readRows(files, options, (row) => {
    const preference = preferenceOf(row);
    if (!isSame(preference.chosen, preference.rejected)) return [preference];
    dropped++;
    return [];
  });
  return {
    get dropped() {
      return dropped;
    },
    get leftOut() {
      return rows.leftOut;
    },
    leaveOut: rows.leaveOut,
    [Symbol.asyncIterator]() {
      dropped = 0;
      return rows[Symbol.asyncIterator]();
    },
  };
}

function preferenceOf({ value: row, source }: TableRow): Preference {
  const answers = [row.chosen, row.rejected].map((value, i) =>
    turnsOf(value, "assistant", `${source}, ${i === 0 ? "chosen" : "rejected"}`),
  );
  const [first, second] = answers as [ChatMessage[], ChatMessage[]];
  const prompt = Object.hasOwn(row, "prompt")
    ? turnsOf(row.prompt, "user", `${source}, prompt`)
    : commonStart(first, second);
  const [chosen, rejected] = [afterPrompt(first, prompt), afterPrompt(second, prompt)];
  checkMessages([...prompt, ...chosen], `${source}, chosen`);
  checkMessages([...prompt, ...rejected], `${source}, rejected`);
  if (chosen[0]?.role === "assistant" && rejected[0]?.role === "assistant") {
    return { prompt, chosen, rejected, source };
  }
  throw new ChatError(
    "a preference does not compare two answers of the assistant",
    source,
    "let prompt end before the assistant speaks, and chosen and rejected go on from there",
  );
}

/** Answers that repeat the prompt, as in many published sets, lose it. */
function afterPrompt(answer: ChatMessage[], prompt: readonly ChatMessage[]): ChatMessage[] {
  return isSame(answer.slice(0, prompt.length), prompt) ? answer.slice(prompt.length) : answer;
}

/** The shared beginning up to where an assistant's turn differs; where nothing does, up to the last one. */
function commonStart(first: readonly ChatMessage[], second: readonly ChatMessage[]): ChatMessage[] {
  let length = 0;
  while (length < Math.min(first.length, second.length) && isSame([first[length]], [second[length]]))
    length++;
  const isWhole = length === first.length && length === second.length;
  return first.slice(0, isWhole ? first.findLastIndex(({ role }) => role === "assistant") : length);
}

function isSame(a: readonly ChatMessage[], b: readonly ChatMessage[]): boolean {
  const same = (x: ChatMessage, y: ChatMessage) =>
    x.role === y.role && x.content === y.content && x.name === y.name;
  return a.length === b.length && a.every((message, i) => same(message, b[i]));
}
