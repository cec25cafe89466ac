import { DataError } from "../../files/errors.js";
import type { ReadingOptions } from "../reading.js";
import type { TableRow } from "../tables/table-row.js";
import { ChatError, type ChatMessage, type ChatRole, checkMessages, shown } from "./messages.js";
import { type RowReader, readRows } from "./rows.js";

/** A conversation in which the assistant speaks, and where it comes from: `file:line`. */
export interface Chat {
  readonly messages: readonly ChatMessage[];
  readonly source: string;
}

type Row = TableRow["value"];

/** How each kind of row is read, found by the field that tells it. */
const KINDS: Record<string, (row: Row, source: string) => ChatMessage[][]> = {
  messages: (row, source) => [messagesOf(row.messages, `${source}, messages`)],
  conversations: (row, source) => [messagesOf(row.conversations, `${source}, conversations`)],
  instances: instancesOf,
  instruction: (row, source) => [exchange(row.instruction, row, source)],
  prompt: (row, source) => [
    [
      ...turnsOf(row.prompt, "user", `${source}, prompt`),
      ...turnsOf(row.completion, "assistant", `${source}, completion`),
    ],
  ],
};

/**
 * The conversations of JSON Lines and Parquet files, each row one of: `messages` of {role, content}; `conversations` of
 * {from, value} (ShareGPT: human, gpt); instruction, input, output (Alpaca); instruction and `instances`
 * of {input, output}, each a conversation (Self-Instruct); `prompt` and `completion`. A row that is none of them or
 * breaks `checkMessages` is bad.
 * @throws DataError naming file and line of bad rows, see `ReadingOptions`, and where there are no rows.
 */
export function readChats(files: string | string[], options: ReadingOptions = {}): RowReader<Chat> {
  return readRows(files, options, ({ value, source }) =>
    chatsOf(value, source).map((messages) => {
      checkMessages(messages, source);
      if (messages.every(({ role }) => role !== "assistant")) {
        throw new ChatError("the assistant never speaks", source, "add its answer or remove the line");
      }
      return { messages, source };
    }),
  );
}

function chatsOf(row: Row, source: string): ChatMessage[][] {
  const kind = Object.keys(KINDS).find((field) => Object.hasOwn(row, field));
  if (kind !== undefined) return KINDS[kind](row, source);
  const fields = Object.keys(row).join(", ") || "none";
  throw new DataError(
    "the row is no conversation",
    `${source} has: ${fields.slice(0, 200)}`,
    "write rows with messages, with instruction, input and output, or with prompt and completion",
  );
}

/**
 * What a field holds as turns: a text is one turn of `role`, a list is messages.
 * @throws DataError for anything else; `place` is `file:line, field`.
 */
export function turnsOf(value: unknown, role: ChatRole, place: string): ChatMessage[] {
  return Array.isArray(value) ? messagesOf(value, place) : [{ role, content: textOf(value, place) }];
}

const SHAREGPT_ROLES: Readonly<Record<string, ChatRole>> = { human: "user", gpt: "assistant" };

function messagesOf(value: unknown, place: string): ChatMessage[] {
  if (!Array.isArray(value)) throw wrongType("a list of messages", value, place);
  return value.map((entry, i) => messageOf(entry, `${place}[${i}]`));
}

function messageOf(entry: unknown, place: string): ChatMessage {
  if (!isRow(entry)) throw wrongType("a message {role, content}", entry, place);
  const [roleField, contentField] = Object.hasOwn(entry, "from") ? ["from", "value"] : ["role", "content"];
  const role = textOf(entry[roleField], `${place}.${roleField}`);
  const content = textOf(entry[contentField], `${place}.${contentField}`);
  const { name, tool_calls: calls } = entry;
  if (Array.isArray(calls) && calls.length > 0) {
    throw new ChatError(
      "a message calls tools in a field of its own, which is not learned",
      `${place}.tool_calls: ${JSON.stringify(calls).slice(0, 60)}`,
      "write calls into content, as the model is to write them, or leave the row out",
    );
  }
  return {
    role: Object.hasOwn(SHAREGPT_ROLES, role) ? SHAREGPT_ROLES[role] : (role as ChatRole),
    content,
    ...(name === undefined || name === null ? {} : { name: textOf(name, `${place}.name`) }),
  };
}

function instancesOf(row: Row, source: string): ChatMessage[][] {
  if (!Array.isArray(row.instances) || row.instances.length === 0) {
    throw wrongType("a list of {input, output}", row.instances, `${source}, instances`);
  }
  return row.instances.map((instance, i) => {
    const place = `${source}, instances[${i}]`;
    if (!isRow(instance)) throw wrongType("an object {input, output}", instance, place);
    return exchange(row.instruction, instance, place);
  });
}

/** One question and its answer; the input, where there is one, stands below the instruction. */
function exchange(instruction: unknown, { input, output }: Row, place: string): ChatMessage[] {
  const asked = textOf(instruction, `${place}, instruction`);
  const given = textOf(input ?? "", `${place}, input`);
  return [
    { role: "user", content: given === "" ? asked : `${asked}\n\n${given}` },
    { role: "assistant", content: textOf(output, `${place}, output`) },
  ];
}

function isRow(value: unknown): value is Row {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function textOf(value: unknown, place: string): string {
  if (typeof value === "string") return value;
  throw wrongType("text", value, place);
}

function wrongType(expected: string, value: unknown, place: string): DataError {
  const what =
    value === undefined ? "a field of the row is missing" : "a field of the row has the wrong type";
  return new DataError(what, `${place}: ${shown(value)}`, `give ${expected}, or remove the line`);
}
