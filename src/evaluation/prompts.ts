import { turnsOf } from "../data/chat/chat.js";
import { type ChatMessage, checkMessages } from "../data/chat/messages.js";
import { type JsonlRow, jsonlRows } from "../data/tables/jsonl.js";
import { findFiles, type SourceFile } from "../data/text/find-files.js";
import { fileChunks } from "../files/bytes.js";
import { decodedPieces } from "../files/utf8.js";
import { EvaluationError } from "./errors.js";

/** A text to continue, or a conversation to answer; `source` is `file:line`. */
export interface Prompt {
  readonly prompt: string | readonly ChatMessage[];
  readonly source: string;
}

/**
 * The prompts of files: each line of a text file that is not blank, each row of a .jsonl file, with a text as
 * `prompt` or a conversation as `messages`. Throws `EvaluationError` naming file and line for a row with
 * neither, a conversation that waits for no answer, and a file without prompts; `ChatError` for messages that
 * break `checkMessages`; else as `findFiles` and `jsonlRows` do.
 */
export async function* readPrompts(files: string | string[]): AsyncGenerator<Prompt> {
  for (const file of await findFiles(files)) {
    let isEmpty = true;
    for await (const prompt of promptsOf(file)) {
      isEmpty = false;
      yield prompt;
    }
    if (isEmpty) throw new EvaluationError("the file holds no prompts", file.path, "write one a line");
  }
}

async function* promptsOf(file: SourceFile): AsyncGenerator<Prompt> {
  if (file.format === "text") yield* linePrompts(file);
  else if (file.format === "jsonl") for await (const row of jsonlRows(file)) yield rowPrompt(row);
  else throw new EvaluationError("prompts are read from lines", file.path, "write them to .txt or .jsonl");
}

async function* linePrompts(file: SourceFile): AsyncGenerator<Prompt> {
  let number = 0;
  let unfinished = "";
  const prompt = (line: string) => ({ prompt: line.replace(/\r$/, ""), source: `${file.path}:${++number}` });
  for await (const piece of decodedPieces(file.path, fileChunks(file.path, file.isGzip))) {
    const lines = (unfinished + piece).split("\n");
    unfinished = lines.pop()!;
    yield* lines.map(prompt).filter(isNotBlank);
  }
  yield* [prompt(unfinished)].filter(isNotBlank);
}

const isNotBlank = ({ prompt }: { prompt: string }) => prompt.trim() !== "";

function rowPrompt({ value, source }: JsonlRow): Prompt {
  if (typeof value.prompt === "string") return { prompt: value.prompt, source };
  if (!Array.isArray(value.messages)) {
    const fields = Object.keys(value).join(", ") || "none";
    throw new EvaluationError(
      "a row has no prompt",
      `${source} has: ${fields.slice(0, 200)}`,
      'write {"prompt": "a text"} or {"messages": [{"role": "user", "content": "a question"}]}',
    );
  }
  const messages = turnsOf(value.messages, "user", `${source}, messages`);
  checkMessages(messages, source);
  if (messages.at(-1)?.role !== "assistant") return { prompt: messages, source };
  throw new EvaluationError(
    "a conversation to answer ends with the assistant",
    `${source}: ${messages.length} messages`,
    "leave the assistant's last message out",
  );
}
