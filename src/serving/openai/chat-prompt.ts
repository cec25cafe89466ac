/** From a conversation to a prompt. */
import { ChatError, type ChatMessage } from "../../features/chat/chat-template.js";
import { spokenCalls } from "../../features/chat/tool-style.js";
import { badField } from "../http/api-error.js";
import type { Service } from "./service.js";
import type { Tools } from "./tools.js";

/**
 * The ids of a conversation, up to where the assistant begins to speak or, where it has to call a function, to call.
 * Throws `ApiError` 400, which names `param`, for a conversation that the template or the context does not take.
 */
export function encodeChat(
  messages: readonly ChatMessage[],
  { template, prompts, toolStyle }: Service,
  tools: Tools | undefined,
  param: string,
  variables?: Readonly<Record<string, unknown>>,
): Int32Array {
  const characters = messages.reduce((sum, message) => sum + lengthOf(message), 0);
  prompts.refuseLong(characters, messages.length, param);
  try {
    const named = withNames(messages);
    const spoken = toolStyle ? spokenCalls(named, toolStyle) : named;
    const text = template.render(spoken, { addGenerationPrompt: true, tools: tools?.told, variables });
    const opening = tools?.calls.isOpened ? tools.calls.open : "";
    return prompts.encode(text + opening, param);
  } catch (error) {
    throw error instanceof ChatError ? badField(error, param) : error;
  }
}

/** The least that a message takes in characters. */
function lengthOf({ content, tool_calls: calls = [] }: ChatMessage): number {
  const ofCalls = calls.map((call) => JSON.stringify(call.function.arguments).length);
  return ofCalls.reduce((sum, length) => sum + length, content.length);
}

/** With the name of the function in a tool's answer, which some templates write. */
function withNames(messages: readonly ChatMessage[]): readonly ChatMessage[] {
  const names = new Map<string, string>();
  return messages.map((message) => {
    for (const call of message.tool_calls ?? []) names.set(call.id, call.function.name);
    const name = message.tool_call_id === undefined ? undefined : names.get(message.tool_call_id);
    return message.role === "tool" && name !== undefined ? { name, ...message } : message;
  });
}
