/** The messages of a request, as OpenAI's API has them. */
import { z } from "zod";
import type { ChatMessage, ToolCall } from "../../data/chat/messages.js";
import { isShallow } from "../http/json-body.js";
import { neutral, optional } from "./generation-fields.js";

const textPart = z.object({
  type: z.literal("text", { error: "This model reads text only: give parts of the type text" }),
  text: z.string(),
});

/** Text, or parts of it, which are joined with nothing between. */
const content = z
  .union([z.string(), z.array(textPart).min(1)])
  .transform((given) => (typeof given === "string" ? given : given.map(({ text }) => text).join("")));

/** Arguments as OpenAI's API has them: the text of a JSON object, nested no deeper than a request may be. */
export const callArguments = z.string().transform((text, context) => {
  try {
    const value = JSON.parse(text || "{}");
    const isObject = typeof value === "object" && value !== null && !Array.isArray(value);
    if (isObject && isShallow(value)) return value as Arguments;
  } catch {}
  context.addIssue({ code: "custom", message: "Expected the text of a JSON object of at most 64 levels" });
  return z.NEVER;
});
type Arguments = ToolCall["function"]["arguments"];

const toolCall = z.object({
  id: z.string(),
  type: z.literal("function").default("function"),
  function: z.object({ name: z.string(), arguments: callArguments }),
});

export const message = z
  .object({
    /** A developer's message is what newer clients call the system's. */
    role: z
      .enum(["system", "developer", "user", "assistant", "tool"])
      .transform((role) => (role === "developer" ? "system" : role)),
    content: optional(content),
    name: optional(z.string()),
    tool_calls: optional(z.array(toolCall)),
    tool_call_id: optional(z.string()),
    function_call: neutral.absent,
  })
  .transform((fields, context): ChatMessage => {
    const { role, content: text, name, tool_calls: calls = [], tool_call_id: answers } = fields;
    const refuse = (path: string, message: string) =>
      context.addIssue({ code: "custom", path: [path], message });
    if (calls.length > 0 && role !== "assistant") refuse("tool_calls", "Only an assistant calls functions");
    if (text === undefined && calls.length === 0) refuse("content", "Expected text");
    return {
      ...{ role, content: text ?? "" },
      ...(name !== undefined && { name }),
      ...(calls.length > 0 && { tool_calls: calls }),
      ...(role === "tool" && answers !== undefined && { tool_call_id: answers }),
    };
  });
