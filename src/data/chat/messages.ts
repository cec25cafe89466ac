import { AutodidactError } from "../../core/errors.js";

/** A conversation, or the template that writes it, cannot be used as it is. */
export class ChatError extends AutodidactError {}

export type ChatRole = "system" | "user" | "assistant" | "tool";

/** A function that the assistant asks to be called. */
export interface ToolCall {
  /** What the tool's answer refers to. */
  readonly id: string;
  readonly type: "function";
  readonly function: { readonly name: string; readonly arguments: Readonly<Record<string, unknown>> };
}

/** One turn of a conversation. */
export interface ChatMessage {
  readonly role: ChatRole;
  readonly content: string;
  readonly name?: string;
  /** Of the assistant: it may then say nothing beside. */
  readonly tool_calls?: readonly ToolCall[];
  /** Of a tool: the call that it answers. */
  readonly tool_call_id?: string;
}

/** After what each role may speak; "start" is the beginning of the conversation. */
const SPEAKS_AFTER: Record<ChatRole, readonly (ChatRole | "start")[]> = {
  system: ["start"],
  user: ["start", "system", "assistant", "tool"],
  assistant: ["user", "tool"],
  tool: ["assistant", "tool"],
};

/**
 * Makes sure that a conversation can be learned from: what `checkTurns` does, the order of roles (a system message only
 * at the start, then user and assistant in turn, with tools answering the assistant, behind which either may speak), and
 * assistants that say or call something. `place` says in messages where the conversation stands. Throws `ChatError`.
 */
export function checkMessages(messages: readonly ChatMessage[], place = "the conversation"): void {
  checkTurns(messages, place);
  let before: ChatRole | "start" = "start";
  for (const [i, { role, content, tool_calls: calls = [] }] of messages.entries()) {
    const where = `${place}, message ${i + 1}`;
    if (!SPEAKS_AFTER[role].includes(before)) throw outOfOrder(role, before, where);
    if (role === "assistant" && content.trim() === "" && calls.length === 0) {
      throw new ChatError(
        "the assistant says nothing",
        where,
        "write its answer or leave the conversation out",
      );
    }
    before = role;
  }
}

/** Throws `ChatError` for no messages, unknown roles, and contents that are no well-formed text. */
export function checkTurns(messages: readonly ChatMessage[], place = "the conversation"): void {
  if (messages.length === 0) {
    throw new ChatError("the conversation has no messages", place, "give at least what the user says");
  }
  for (const [i, { role, content }] of messages.entries()) {
    const where = `${place}, message ${i + 1}`;
    if (!Object.hasOwn(SPEAKS_AFTER, role)) throw unknownRole(role, where);
    checkContent(role, content, where);
  }
}

function checkContent(role: ChatRole, content: unknown, where: string): void {
  if (typeof content !== "string") {
    const found = `${where} (${role}): ${shown(content)}`;
    throw new ChatError("the content of a message is no text", found, "give text; write tool calls as text");
  }
  if (/[\ud800-\udfff]/u.test(content)) {
    throw new ChatError("a message holds half a surrogate pair", where, "repair the \\u escapes in its text");
  }
}

function unknownRole(role: unknown, where: string): ChatError {
  const known = Object.keys(SPEAKS_AFTER).join(", ");
  return new ChatError("the role of a message is unknown", `${where}: ${shown(role)}`, `use one of ${known}`);
}

function outOfOrder(role: ChatRole, before: ChatRole | "start", where: string): ChatError {
  const found = before === "start" ? `begins with ${role}` : `${role} after ${before}`;
  return new ChatError(
    "the roles of a conversation are out of order",
    `${where}: ${found}`,
    "begin with system or user, then let user and assistant take turns; tools answer the assistant",
  );
}

/** A value from a file or a request, short enough for a message. */
export function shown(value: unknown): string {
  return (JSON.stringify(value) ?? "nothing").slice(0, 60);
}
