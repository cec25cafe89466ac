/** POST /v1/chat/completions */
import type { Context } from "hono";
import { z } from "zod";
import type { GenerationRequest } from "../engine/engine.js";
import { readJson } from "../http/json-body.js";
import { chatForm } from "./chat-form.js";
import { message } from "./chat-messages.js";
import { encodeChat } from "./chat-prompt.js";
import { respond } from "./completion-response.js";
import { firstSeed, generationFields, neutral, optional, sharedSettings } from "./generation-fields.js";
import { namingSchema, responseFormat, schemaOf } from "./json-format.js";
import { findModel } from "./models.js";
import type { Service } from "./service.js";
import { besideTools, type Tools, toolFields, toolsOf } from "./tools.js";

const chatRequest = z
  .object({
    ...generationFields,
    messages: z.array(message).min(1),
    max_completion_tokens: generationFields.max_tokens,
    logprobs: optional(z.boolean()),
    top_logprobs: optional(z.int().min(0).max(20)),
    response_format: optional(responseFormat),
    /** Not OpenAI's: what else the chat template looks for, such as {"enable_thinking": false}. */
    chat_template_kwargs: optional(z.record(z.string(), z.unknown())),
    ...toolFields,
    functions: neutral.emptyList,
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
  const tools = toolsOf(askedTools(fields), service);
  const requests = toRequests(fields, service, tools);
  const [request] = requests;
  const { prompt, calls } = request;
  const form = chatForm(service.tokenizer, { withLogprobs: fields.logprobs ?? false, calls });
  const completion = { fields, requests, promptTokens: prompt.length, form };
  return namingSchema(request, "response_format", () => respond(c, service, completion));
}

function askedTools({ tools = [], tool_choice: choice = "auto", parallel_tool_calls: several }: ChatRequest) {
  return {
    functions: tools.map((tool) => tool.function),
    choice: typeof choice === "object" ? choice.function : choice,
    areSeveral: several ?? true,
  };
}

/** One a choice. */
function toRequests(fields: ChatRequest, service: Service, tools: Tools | undefined): GenerationRequest[] {
  const { adapter } = findModel(service, fields.model);
  const { sampling, stop } = sharedSettings(fields, service);
  const jsonSchema = schemaOf(fields.response_format);
  if (tools && (jsonSchema ?? fields.logprobs))
    throw besideTools(jsonSchema ? "response_format" : "logprobs");
  const prompt = encodeChat(fields.messages, service, tools, "messages", fields.chat_template_kwargs);
  const asked = fields.max_completion_tokens ?? fields.max_tokens;
  const calls = tools?.calls;
  const shared = {
    ...{ prompt, sampling, adapter, jsonSchema, calls },
    maxTokens: service.prompts.room(prompt, asked, service.maxTokensPerRequest),
    // JSON ends by itself, and may quote the end of a turn.
    stop: jsonSchema || calls?.isOpened ? stop : [...stop, ...service.turnEnd],
    topLogprobs: fields.logprobs ? (fields.top_logprobs ?? 0) : undefined,
  };
  const seed = firstSeed(fields);
  return Array.from({ length: fields.n ?? 1 }, (_, i) => ({ ...shared, seed: seed + i }));
}
