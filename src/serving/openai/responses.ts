/** POST /v1/responses */
import type { Context } from "hono";
import type { GenerationEvent, GenerationRequest } from "../engine/engine.js";
import { eventStream } from "../http/event-stream.js";
import { readJson } from "../http/json-body.js";
import { writeAnswers } from "./answers.js";
import type { AnswerPart, CallReader } from "./call-reader.js";
import { callReader } from "./chat-form.js";
import { callArguments } from "./chat-messages.js";
import { encodeChat } from "./chat-prompt.js";
import { firstSeed, sharedSettings } from "./generation-fields.js";
import { namingSchema, schemaOf } from "./json-format.js";
import { findModel } from "./models.js";
import { type InputItem, type ResponseRequest, responseRequest } from "./response-fields.js";
import { messagesOf, refuseLongItems } from "./response-items.js";
import type { ResponseMemory } from "./response-memory.js";
import { newId, type OutputItem, type ResponseEvent, ResponseWriter } from "./response-writer.js";
import type { Service } from "./service.js";
import { besideTools, toolsOf } from "./tools.js";

export async function responses(c: Context, service: Service, memory: ResponseMemory): Promise<Response> {
  const fields = await readJson(c, responseRequest, service.limits.bodyBytes);
  const items = conversationOf(fields, memory);
  const request = toRequest(fields, items, service);
  const asked = new AskedResponse(fields, request);
  const onEnd = () => {
    if (fields.store ?? true) memory.keep(asked.id, items, asked.output.filter(isWhole).map(asInput));
  };
  return namingSchema(request, "text.format", async () => {
    if (fields.stream) return await stream(c, service, asked, onEnd);
    await write(c, service, asked, () => {});
    onEnd();
    return c.json(asked.response);
  });
}

function conversationOf({ input, previous_response_id: before }: ResponseRequest, memory: ResponseMemory) {
  const given: readonly InputItem[] =
    typeof input === "string" ? [{ type: "message", id: undefined, role: "user", content: input }] : input;
  return [...(before === undefined ? [] : memory.conversation(before)), ...memory.resolved(given)];
}

function toRequest(
  fields: ResponseRequest,
  items: readonly InputItem[],
  service: Service,
): GenerationRequest {
  const { adapter } = findModel(service, fields.model);
  const { tools: given = [], tool_choice: choice = "auto", parallel_tool_calls: several = true } = fields;
  const functions = given.map(({ type: _, ...described }) => described);
  const tools = toolsOf({ functions, choice, areSeveral: several }, service);
  const jsonSchema = schemaOf(fields.text?.format);
  if (tools && jsonSchema) throw besideTools("text.format");
  refuseLongItems(items, service.prompts);
  const prompt = encodeChat(messagesOf(items, fields.instructions), service, tools, "input");
  const calls = tools?.calls;
  const { sampling } = sharedSettings(fields, service);
  return {
    ...{ prompt, sampling, adapter, jsonSchema, calls, seed: firstSeed(fields) },
    maxTokens: service.prompts.room(prompt, fields.max_output_tokens, service.maxTokensPerRequest),
    stop: jsonSchema || calls?.isOpened ? [] : service.turnEnd,
  };
}

/** A response while it is written. */
class AskedResponse {
  readonly id = newId("resp");
  private readonly created = Math.floor(Date.now() / 1000);
  private readonly writer = new ResponseWriter();
  private readonly reader: Pick<CallReader, "push" | "end">;
  private status: "in_progress" | "completed" | "incomplete" = "in_progress";
  private usage: object | null = null;

  constructor(
    private readonly fields: ResponseRequest,
    readonly request: GenerationRequest,
  ) {
    this.reader = request.calls ? callReader(request.calls) : plainText;
  }

  get output(): readonly OutputItem[] {
    return this.writer.output;
  }

  begin(): ResponseEvent[] {
    const { response } = this;
    return ["response.created", "response.in_progress"].map((type) => ({ type, response }));
  }

  take(event: GenerationEvent): ResponseEvent[] {
    if (event.kind === "text") return this.reader.push(event.text).flatMap((part) => this.writer.add(part));
    const status = event.finishReason === "length" ? "incomplete" : "completed";
    const events = this.reader.end().flatMap((part) => this.writer.add(part));
    events.push(...this.writer.end(status));
    this.status = status;
    this.usage = usageOf(event);
    return [...events, { type: `response.${status}`, response: this.response }];
  }

  get response() {
    const { fields, status } = this;
    const { tools = [], text } = fields;
    return {
      id: this.id,
      object: "response",
      created_at: this.created,
      status,
      error: null,
      incomplete_details: status === "incomplete" ? { reason: "max_output_tokens" } : null,
      instructions: fields.instructions ?? null,
      max_output_tokens: fields.max_output_tokens ?? null,
      metadata: fields.metadata ?? {},
      model: fields.model,
      output: structuredClone(this.output),
      parallel_tool_calls: fields.parallel_tool_calls ?? true,
      previous_response_id: fields.previous_response_id ?? null,
      reasoning: { effort: null, summary: null },
      store: fields.store ?? true,
      temperature: this.request.sampling.temperature,
      text: { format: text?.format ?? { type: "text" } },
      tool_choice: fields.tool_choice ?? "auto",
      tools: tools.map((tool) => ({ ...tool, strict: tool.strict ?? false })),
      top_p: this.request.sampling.topP ?? 1,
      truncation: "disabled",
      usage: this.usage,
    };
  }
}

const plainText = {
  push: (text: string): AnswerPart[] => (text === "" ? [] : [{ kind: "text", text }]),
  end: (): AnswerPart[] => [],
};

async function stream(
  c: Context,
  service: Service,
  asked: AskedResponse,
  onEnd: () => void,
): Promise<Response> {
  let number = 0;
  return eventStream(c, service.onFault, async (send) => {
    const sendAll = async (events: readonly ResponseEvent[]) => {
      for (const event of events) await send({ ...event, sequence_number: number++ }, event.type);
    };
    // As it is before anything is said; sent only then, so that what is refused is an ordinary error.
    const opening = asked.begin();
    await write(c, service, asked, (events) => sendAll([...opening.splice(0), ...events]));
    onEnd();
  });
}

/** Hands on the events of each piece of the answer. */
function write(
  c: Context,
  service: Service,
  asked: AskedResponse,
  onEvents: (events: readonly ResponseEvent[]) => unknown,
): Promise<void> {
  return writeAnswers(service, [asked.request], c.req.raw.signal, async (_, event) => {
    await onEvents(asked.take(event));
  });
}

/** As a later request refers to it. */
function asInput(item: OutputItem): InputItem {
  const { id } = item;
  if (item.type === "function_call") {
    const { type, call_id, name } = item;
    return { type, id, call_id, name, arguments: callArguments.parse(item.arguments) };
  }
  return { type: "message", id, role: "assistant", content: item.content[0].text };
}

/** A call that broke off is left out of what a later request refers to. */
function isWhole(item: OutputItem): boolean {
  return item.type === "message" || callArguments.safeParse(item.arguments).success;
}

function usageOf({
  promptTokens,
  completionTokens,
  cachedTokens = 0,
}: Extract<GenerationEvent, { kind: "end" }>) {
  return {
    input_tokens: promptTokens,
    input_tokens_details: { cached_tokens: cachedTokens },
    output_tokens: completionTokens,
    output_tokens_details: { reasoning_tokens: 0 },
    total_tokens: promptTokens + completionTokens,
  };
}
