/**
 * A request of the Responses API, as far as its clients need it. As everywhere, null stands for absent, what would
 * change the answer and cannot is refused, and what nobody here has heard of is ignored.
 */
import { z } from "zod";
import { callArguments } from "./chat-messages.js";
import { generationFields, neutral, optional } from "./generation-fields.js";
import { textFormat } from "./json-format.js";
import { functionFields, mostTools } from "./tools.js";

const textPart = z.object({
  type: z.enum(["input_text", "output_text", "text"], {
    error: "This model reads text only: give parts of the type input_text",
  }),
  text: z.string(),
});

/** Text, or parts of it, which are joined with nothing between. */
const content = z
  .union([z.string(), z.array(textPart)])
  .transform((given) => (typeof given === "string" ? given : given.map(({ text }) => text).join("")));

const messageItem = z.object({
  type: z.literal("message").default("message"),
  id: optional(z.string()),
  role: z.enum(["system", "developer", "user", "assistant"]),
  content,
});
const callItem = z.object({
  type: z.literal("function_call"),
  id: optional(z.string()),
  call_id: z.string(),
  name: z.string(),
  arguments: callArguments,
});
const outputItem = z.object({
  type: z.literal("function_call_output"),
  id: optional(z.string()),
  call_id: z.string(),
  output: content,
});
/** What models that think say to themselves: nothing here reads it. */
const reasoningItem = z.object({ type: z.literal("reasoning"), id: optional(z.string()) });
const reference = z.object({ type: z.literal("item_reference"), id: z.string() });

const item = z.union([messageItem, callItem, outputItem, reasoningItem, reference]);

/** A part of a conversation. */
export type InputItem = z.output<typeof item>;

const tool = z.object({
  type: z.literal("function", { error: "This server has no tools of its own: give type function" }),
  ...functionFields,
});

const { model, stream, seed, temperature, top_p, top_k } = generationFields;

export const responseRequest = z.object({
  ...{ model, stream, seed, temperature, top_p, top_k },
  input: z.union([z.string(), z.array(item).min(1)]),
  instructions: optional(z.string()),
  previous_response_id: optional(z.string()),
  /** Whether later requests may refer to this one. */
  store: optional(z.boolean()),
  max_output_tokens: generationFields.max_tokens,
  text: optional(z.object({ format: optional(textFormat) })),
  tools: optional(z.array(tool).max(mostTools)),
  tool_choice: optional(
    z.union([
      z.enum(["none", "auto", "required"]),
      z.object({ type: z.literal("function"), name: z.string() }),
    ]),
  ),
  parallel_tool_calls: optional(z.boolean()),
  metadata: optional(z.record(z.string(), z.string())),
  include: optional(
    z.array(z.string().refine((name) => name !== "message.output_text.logprobs", "Ask for no logprobs here")),
  ),
  top_logprobs: neutral.zero,
  background: neutral.no,
  conversation: neutral.absent,
  prompt: neutral.absent,
  truncation: optional(z.literal("disabled", { error: "Nothing is cut off here: leave it out" })),
});
export type ResponseRequest = z.output<typeof responseRequest>;
