/** POST /v1/completions */
import type { Context } from "hono";
import { z } from "zod";
import type { Tokenizer } from "../../features/tokenizer/tokenizer.js";
import type { TokenReport } from "../engine/engine.js";
import { readJson } from "../http/json-body.js";
import { type ChoiceForm, respond } from "./completion-response.js";
import { firstSeed, generationFields, neutral, optional, sharedSettings } from "./generation-fields.js";
import { namingSchema, responseFormat, schemaOf } from "./json-format.js";
import { findModel } from "./models.js";
import { CompletionLogprobs } from "./openai-logprobs.js";
import type { PromptEncoder } from "./prompt.js";
import type { Service } from "./service.js";

/** OpenAI's. */
const defaultMaxTokens = 16;

const ids = z.array(z.int().min(0)).min(1);

/** A text or its token ids. */
export const textOrIds = z.union([z.string(), ids]);

const completionRequest = z
  .object({
    ...generationFields,
    prompt: z.union([z.string(), ids, z.array(textOrIds).min(1)]),
    logprobs: optional(z.int().min(0).max(5)),
    best_of: optional(z.int()),
    /** With echo nothing but the prompt may be asked for. */
    max_tokens: optional(z.int().min(0)),
    echo: optional(z.boolean()),
    response_format: optional(responseFormat),
    suffix: neutral.emptyText,
  })
  .refine(({ best_of, n }) => best_of === undefined || best_of === (n ?? 1), {
    path: ["best_of"],
    error: "This server does not support it; leave it out or give n",
  })
  .refine(({ max_tokens, echo }) => max_tokens !== 0 || echo, {
    path: ["max_tokens"],
    error: "Expected 1 or more, or 0 with echo",
  });

export async function completions(c: Context, service: Service): Promise<Response> {
  const fields = await readJson(c, completionRequest, service.limits.bodyBytes);
  const { adapter } = findModel(service, fields.model);
  const prompts = encodeAll(fields.prompt, "prompt", service.prompts);
  const { sampling, stop } = sharedSettings(fields, service);
  const seed = firstSeed(fields);
  const most = service.maxTokensPerRequest;
  const maxTokens = fields.max_tokens ?? Math.min(defaultMaxTokens, most ?? defaultMaxTokens);
  const jsonSchema = schemaOf(fields.response_format);
  const requests = prompts.flatMap((prompt) => {
    service.prompts.room(prompt, maxTokens, most);
    const { echo, logprobs: topLogprobs } = fields;
    const shared = { prompt, maxTokens, sampling, stop, adapter, echo, topLogprobs, jsonSchema };
    return Array.from({ length: fields.n ?? 1 }, (_, i) => ({ ...shared, seed: seed + i }));
  });
  const promptTokens = prompts.reduce((sum, { length }) => sum + length, 0);
  const form = completionForm(service.tokenizer, requests.length, fields.logprobs !== undefined);
  const completion = { fields, requests, promptTokens, form };
  return namingSchema(requests[0], "response_format", () => respond(c, service, completion));
}

/** The ids of each text of a field that may hold one text, one list of ids, or a list of such. */
export function encodeAll(
  given: string | number[] | (string | number[])[],
  param: string,
  encoder: PromptEncoder,
): Int32Array[] {
  const isOne = typeof given === "string" || typeof given[0] === "number";
  const texts = (isOne ? [given] : given) as (string | number[])[];
  return texts.map((text, i) => {
    const place = isOne ? param : `${param}[${i}]`;
    return typeof text === "string" ? encoder.encode(text, place) : encoder.check(text, place);
  });
}

function completionForm(tokenizer: Tokenizer, choices: number, withLogprobs: boolean): ChoiceForm {
  const reports = Array.from({ length: choices }, () => new CompletionLogprobs(tokenizer));
  const part = (index: number, text: string, tokens: readonly TokenReport[]) => ({
    text,
    logprobs: withLogprobs ? reports[index].next(tokens) : null,
  });
  return {
    idPrefix: "cmpl",
    object: "text_completion",
    chunkObject: "text_completion",
    whole: (index, { text, tokens }) => part(index, text, tokens),
    parts: (...piece) => [part(...piece)],
    closing: { text: "", logprobs: null },
  };
}
