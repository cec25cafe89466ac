/** From the items of the Responses API to the messages of a conversation. */
import type { ChatMessage, ToolCall } from "../../data/chat/messages.js";
import type { PromptEncoder } from "./prompt.js";
import type { InputItem } from "./response-fields.js";

/**
 * Throws `ApiError` 400 at the first item with which a conversation cannot fit the context. To be asked before messages
 * are made: a small request may refer to one long item thousands of times.
 */
export function refuseLongItems(items: readonly InputItem[], prompts: PromptEncoder): void {
  let characters = 0;
  let parts = 0;
  for (const item of items) {
    const length = lengthOf(item);
    characters += length;
    if (length > 0) parts++;
    prompts.refuseLong(characters, parts, "input");
  }
}

/** The least that an item takes in characters. */
function lengthOf(item: InputItem): number {
  if (item.type === "message") return item.content.length;
  if (item.type === "function_call_output") return item.output.length;
  return item.type === "function_call" ? JSON.stringify(item.arguments).length : 0;
}

/** A message that further items may add to. */
interface Turn extends ChatMessage {
  content: string;
  tool_calls?: ToolCall[];
}

/**
 * What the assistant says and calls in one turn becomes one message, and so does what the user says in several; an
 * empty answer is none. What the system says joins the instructions, wherever it stands: templates take it at the start.
 */
export function messagesOf(items: readonly InputItem[], instructions: string | undefined): ChatMessage[] {
  const told = instructions === undefined ? [] : [instructions];
  const messages: Turn[] = [];
  for (const item of items) {
    if (item.type === "message") {
      const { role, content } = item;
      if (role === "system" || role === "developer") told.push(content);
      else if (role === "user" || content.trim() !== "") addWords(messages, role, content);
    } else if (item.type === "function_call") addCall(messages, callOf(item));
    else if (item.type === "function_call_output") {
      messages.push({ role: "tool", content: item.output, tool_call_id: item.call_id });
    }
  }
  return told.length > 0 ? [{ role: "system", content: told.join("\n\n") }, ...messages] : messages;
}

function addWords(messages: Turn[], role: "user" | "assistant", content: string): void {
  const last = messages.at(-1);
  if (last?.role !== role) messages.push({ role, content });
  else last.content = last.content === "" ? content : `${last.content}\n\n${content}`;
}

function callOf(item: Extract<InputItem, { type: "function_call" }>): ToolCall {
  const called = { name: item.name, arguments: item.arguments };
  return { id: item.call_id, type: "function", function: called };
}

function addCall(messages: Turn[], call: ToolCall): void {
  const last = messages.at(-1);
  if (last?.role !== "assistant") messages.push({ role: "assistant", content: "", tool_calls: [call] });
  else if (last.tool_calls) last.tool_calls.push(call);
  else last.tool_calls = [call];
}
