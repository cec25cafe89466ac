/** Answers as the JSON, or the stream of JSON chunks, that OpenAI's API sends for both kinds of completions. */
import { randomUUID } from "node:crypto";
import type { Context } from "hono";
import type { GenerationEvent, GenerationRequest, TokenReport } from "../engine/engine.js";
import { eventStream } from "../http/event-stream.js";
import { type Answer, wholeAnswers, writeAnswers } from "./answers.js";
import type { GenerationFields } from "./generation-fields.js";
import type { Service } from "./service.js";

/** How one kind of completion writes its choices, but for `index` and `finish_reason`. */
export interface ChoiceForm {
  readonly idPrefix: string;
  readonly object: string;
  readonly chunkObject: string;
  whole(index: number, answer: Answer): object;
  /** The chunk before the first text, where there is one. */
  readonly opening?: object;
  /** The chunks of a piece of text. */
  parts(index: number, text: string, tokens: readonly TokenReport[]): readonly object[];
  /** The chunks of what was held back until the end. */
  rest?(index: number): readonly object[];
  /** The chunk with the finish reason. */
  readonly closing: object;
  /** Why an answer ended, where it is something else than the engine knows. Asked when all of it was handed over. */
  finishReason?(index: number, reason: Answer["finishReason"]): string;
}

/** What a route made of its request. */
export interface Completion {
  readonly fields: GenerationFields;
  /** One a choice. */
  readonly requests: readonly GenerationRequest[];
  /** Tokens of the prompts, each counted once however many choices it has. */
  readonly promptTokens: number;
  readonly form: ChoiceForm;
}

export async function respond(c: Context, service: Service, completion: Completion): Promise<Response> {
  const { fields, requests, promptTokens, form } = completion;
  const head = {
    id: `${form.idPrefix}-${randomUUID().replaceAll("-", "")}`,
    object: fields.stream ? form.chunkObject : form.object,
    created: Math.floor(Date.now() / 1000),
    model: fields.model,
  };
  if (fields.stream) return stream(c, service, completion, head);
  const answers = await wholeAnswers(service, requests, c.req.raw.signal);
  const choices = answers.map((answer, index) => ({
    index,
    ...form.whole(index, answer),
    finish_reason: reasonOf(form, index, answer.finishReason),
  }));
  const written = answers.reduce((sum, { completionTokens }) => sum + completionTokens, 0);
  const cached = new CachedTokens(requests);
  for (const [index, { cachedTokens = 0 }] of answers.entries()) cached.add(index, cachedTokens);
  return c.json({ ...head, choices, usage: usageOf(promptTokens, written, cached.sum) });
}

function stream(
  c: Context,
  service: Service,
  { fields, requests, promptTokens, form }: Completion,
  head: object,
): Promise<Response> {
  const withUsage = fields.stream_options?.include_usage ?? false;
  return eventStream(c, service.onFault, async (send) => {
    // OpenAI's chunks all have the field when it was asked for, and null until the last.
    const chunk = (choices: object[], usage: Usage | null = null) =>
      send({ ...head, choices, ...(withUsage && { usage }) });
    const opened = new Set<number>();
    let written = 0;
    const cached = new CachedTokens(requests);
    await writeAnswers(service, requests, c.req.raw.signal, async (index, event) => {
      const isFirst = !opened.has(index);
      opened.add(index);
      if (isFirst && form.opening) await chunk([{ index, ...form.opening, finish_reason: null }]);
      if (event.kind === "end") {
        written += event.completionTokens;
        cached.add(index, event.cachedTokens ?? 0);
      }
      for (const choice of chunkChoices(form, index, event)) await chunk([choice]);
    });
    if (withUsage) await chunk([], usageOf(promptTokens, written, cached.sum));
  });
}

function chunkChoices(form: ChoiceForm, index: number, event: GenerationEvent): object[] {
  const goesOn = (part: object) => ({ index, ...part, finish_reason: null });
  if (event.kind === "end") {
    const rest = (form.rest?.(index) ?? []).map(goesOn);
    return [...rest, { index, ...form.closing, finish_reason: reasonOf(form, index, event.finishReason) }];
  }
  if (event.text === "" && event.tokens.length === 0) return [];
  return form.parts(index, event.text, event.tokens).map(goesOn);
}

function reasonOf(form: ChoiceForm, index: number, reason: Answer["finishReason"]): string {
  return form.finishReason?.(index, reason) ?? reason;
}

interface Usage {
  readonly prompt_tokens: number;
  readonly completion_tokens: number;
  readonly total_tokens: number;
  readonly prompt_tokens_details: { readonly cached_tokens: number };
}

/** Tokens of prompts that had been read before; a prompt of several choices counts once, as its first choice found it. */
class CachedTokens {
  private readonly byPrompt = new Map<Int32Array, number>();

  constructor(private readonly requests: readonly GenerationRequest[]) {}

  add(index: number, count: number): void {
    const { prompt } = this.requests[index];
    this.byPrompt.set(prompt, Math.min(count, this.byPrompt.get(prompt) ?? count));
  }

  get sum(): number {
    return [...this.byPrompt.values()].reduce((sum, count) => sum + count, 0);
  }
}

function usageOf(promptTokens: number, completionTokens: number, cachedTokens: number): Usage {
  return {
    prompt_tokens: promptTokens,
    completion_tokens: completionTokens,
    total_tokens: promptTokens + completionTokens,
    prompt_tokens_details: { cached_tokens: cachedTokens },
  };
}
