/** POST /v1/chat/completions */
import type { Context } from "hono";
import { z } from "zod";
import { ChatError, type ChatMessage } from "../../features/chat/chat-template.js";
import type { Tokenizer } from "../../features/tokenizer/tokenizer.js";
import { type GenerationRequest, RequestError, type TokenReport } from "../engine/engine.js";
import { badField } from "../http/api-error.js";
import { readJson } from "../http/json-body.js";
import { type ChoiceForm, respond } from "./completion-response.js";
import { firstSeed, generationFields, neutral, optional, sharedSettings } from "./generation-fields.js";
import { findModel } from "./models.js";
import { chatLogprobs } from "./openai-logprobs.js";
import type { Service } from "./service.js";

const textPart = z.object({
  type: z.literal("text", { error: "This model reads text only: give parts of the type text" }),
  text: z.string(),
});

const message = z.object({
  /** A developer's message is what newer clients call the system's. */
  role: z
    .enum(["system", "developer", "user", "assistant", "tool"])
    .transform((role) => (role === "developer" ? "system" : role)),
  /** Parts are joined with nothing between. */
  content: z
    .union([z.string(), z.array(textPart).min(1)])
    .transform((content) =>
      typeof content === "string" ? content : content.map(({ text }) => text).join(""),
    ),
  name: optional(z.string()),
  tool_calls: neutral.emptyList,
  function_call: neutral.absent,
});

const responseFormat = z.discriminatedUnion("type", [
  z.object({ type: z.literal("text") }),
  z.object({ type: z.literal("json_object") }),
  z.object({
    type: z.literal("json_schema"),
    /** `strict` needs no looking at: the answer always keeps to the schema. */
    json_schema: z.object({ name: z.string(), schema: z.record(z.string(), z.unknown()) }),
  }),
]);

const chatRequest = z
  .object({
    ...generationFields,
    messages: z.array(message).min(1),
    max_completion_tokens: generationFields.max_tokens,
    logprobs: optional(z.boolean()),
    top_logprobs: optional(z.int().min(0).max(20)),
    response_format: optional(responseFormat),
    tools: neutral.emptyList,
    functions: neutral.emptyList,
    tool_choice: optional(z.enum(["none", "auto"])),
    function_call: optional(z.enum(["none", "auto"])),
    modalities: optional(z.array(z.literal("text"))),
    audio: neutral.absent,
  })
  .refine(({ top_logprobs, logprobs }) => !top_logprobs || logprobs, {
    path: ["top_logprobs"],
    error: "It needs logprobs: true",
  })
  .refine((f) => (f.max_completion_tokens ?? f.max_tokens) === (f.max_tokens ?? f.max_completion_tokens), {
    path: ["max_tokens"],
    error: "It is the old name of max_completion_tokens: give one of them",
  });

type ChatRequest = z.output<typeof chatRequest>;

export async function chatCompletions(c: Context, service: Service): Promise<Response> {
  const fields = await readJson(c, chatRequest, service.limits.bodyBytes);
  const requests = toRequests(fields, service);
  const [{ prompt, jsonSchema }] = requests;
  const form = chatForm(service.tokenizer, fields.logprobs ?? false);
  try {
    return await respond(c, service, { fields, requests, promptTokens: prompt.length, form });
  } catch (error) {
    // Everything else was checked above; what is left for the engine to refuse is the schema.
    const isSchema = error instanceof RequestError && jsonSchema !== undefined;
    throw isSchema ? badField(error, "response_format") : error;
  }
}

/** One a choice. */
function toRequests(fields: ChatRequest, service: Service): GenerationRequest[] {
  const { adapter } = findModel(service, fields.model);
  const { sampling, stop } = sharedSettings(fields, service);
  const prompt = encodeChat(fields.messages, service);
  const asked = fields.max_completion_tokens ?? fields.max_tokens;
  const jsonSchema = schemaOf(fields);
  const shared = {
    ...{ prompt, sampling, adapter, jsonSchema },
    maxTokens: service.prompts.room(prompt, asked, service.maxTokensPerRequest),
    // JSON ends by itself, and may quote the end of a turn.
    stop: jsonSchema ? stop : [...stop, ...service.turnEnd],
    topLogprobs: fields.logprobs ? (fields.top_logprobs ?? 0) : undefined,
  };
  const seed = firstSeed(fields);
  return Array.from({ length: fields.n ?? 1 }, (_, i) => ({ ...shared, seed: seed + i }));
}

function encodeChat(messages: readonly ChatMessage[], { template, prompts }: Service): Int32Array {
  const characters = messages.reduce((sum, { content }) => sum + content.length, 0);
  prompts.refuseLong(characters, messages.length, "messages");
  try {
    return prompts.encode(template.render(messages, { addGenerationPrompt: true }), "messages");
  } catch (error) {
    throw error instanceof ChatError ? badField(error, "messages") : error;
  }
}

function schemaOf({ response_format: format }: ChatRequest): object | true | undefined {
  if (format?.type === "json_schema") return format.json_schema.schema;
  return format?.type === "json_object" ? true : undefined;
}

function chatForm(tokenizer: Tokenizer, withLogprobs: boolean): ChoiceForm {
  const logprobs = (tokens: readonly TokenReport[]) =>
    withLogprobs ? chatLogprobs(tokenizer, tokens) : null;
  return {
    idPrefix: "chatcmpl",
    object: "chat.completion",
    chunkObject: "chat.completion.chunk",
    whole: (_, { text, tokens }) => ({
      message: { role: "assistant", content: text, refusal: null },
      logprobs: logprobs(tokens),
    }),
    opening: { delta: { role: "assistant", content: "", refusal: null }, logprobs: null },
    part: (_, text, tokens) => ({ delta: { content: text }, logprobs: logprobs(tokens) }),
    closing: { delta: {}, logprobs: null },
  };
}
