/** How a model's chat template has it call functions, found out by letting the template write a call. */
import { ChatError, type ChatMessage, type ToolCall } from "../../data/chat/messages.js";
import type { ChatTemplate, ChatTool, RenderOptions } from "./chat-template.js";

/** A call is JSON: `{"name": ..., "arguments": {...}}`. */
export interface ToolStyle {
  /** What stands before a call and behind it; empty: an answer is nothing but a call, or has none. */
  readonly open: string;
  readonly close: string;
  readonly argumentsKey: "arguments" | "parameters";
  /** Whether one answer may hold several calls. */
  readonly areSeveral: boolean;
  /** Whether the template writes the assistant's calls itself; otherwise they are put into its words. */
  readonly writesCalls: boolean;
}

/** Of Qwen, SmolLM and Hermes. */
const tags = { open: "<tool_call>", close: "</tool_call>" };

/** Undefined for a template that tells the model of no tools, or has it call them in another way than as JSON. */
export function toolStyle(template: ChatTemplate): ToolStyle | undefined {
  if (!write(template, [user]).includes(probe.function.name)) return undefined;
  const written = write(template, [user, calling(1)]);
  const [match, key] = /\{\s*"name":\s*"zebra_call",\s*"(arguments|parameters)":/.exec(written) ?? [];
  if (match === undefined) {
    return template.source.includes(tags.open) && !written.includes("zebra_call")
      ? { ...tags, argumentsKey: "arguments", areSeveral: true, writesCalls: false }
      : undefined;
  }
  const before = written.slice(0, written.indexOf(match)).trimEnd();
  const isTagged = before.endsWith(tags.open);
  const turn = write(template, [user], true).trimEnd();
  if (!isTagged && before !== turn) return undefined;
  return {
    ...(isTagged ? tags : { open: "", close: "" }),
    argumentsKey: key as ToolStyle["argumentsKey"],
    areSeveral: isTagged && write(template, [user, calling(2)]) !== "",
    writesCalls: true,
  };
}

/** The conversation with calls as words where the template would leave them out. */
export function spokenCalls(messages: readonly ChatMessage[], style: ToolStyle): readonly ChatMessage[] {
  if (style.writesCalls) return messages;
  return messages.map((message) => {
    const { tool_calls: calls = [], ...others } = message;
    if (calls.length === 0) return message;
    const written = calls.map((call) => spoken(call, style)).join("\n");
    return { ...others, content: [message.content, written].filter(Boolean).join("\n") };
  });
}

function spoken({ function: { name, arguments: given } }: ToolCall, style: ToolStyle): string {
  const json = `{"name": ${JSON.stringify(name)}, "${style.argumentsKey}": ${JSON.stringify(given)}}`;
  return `${style.open}\n${json}\n${style.close}`;
}

const user: ChatMessage = { role: "user", content: "Hello" };

const probe: ChatTool = {
  type: "function",
  function: { name: "zebra_tool", description: "A tool", parameters: { type: "object", properties: {} } },
};

const calling = (count: number): ChatMessage => ({
  role: "assistant",
  content: "",
  tool_calls: Array.from({ length: count }, (_, i) => ({
    id: `call${i}0000`,
    type: "function",
    function: { name: "zebra_call", arguments: { place: "there" } },
  })),
});

/** Empty where the template refuses. */
function write(
  template: ChatTemplate,
  messages: readonly ChatMessage[],
  addGenerationPrompt = false,
): string {
  const options: RenderOptions = { tools: [probe], addGenerationPrompt };
  try {
    return template.render(messages, options);
  } catch (error) {
    if (error instanceof ChatError) return "";
    throw error;
  }
}
