/**
 * The fields that chat and plain completions share, as OpenAI's API has them. Null stands for absent everywhere.
 * Fields of the API that would change the answer in a way that this server cannot are refused unless they are
 * neutral; fields that nobody here has heard of are ignored, because clients send new ones all the time.
 */
import { z } from "zod";
import type { Sampling } from "../../generation/sampling.js";
import type { GenerationRequest } from "../engine/engine.js";
import { ApiError } from "../http/api-error.js";
import type { Service } from "./service.js";

export const optional = <S extends z.ZodType>(schema: S) =>
  schema.nullish().transform((value) => value ?? undefined);

const unsupported = (neutral: string) => ({
  error: () => `This server does not support it; leave it out${neutral && ` or give ${neutral}`}`,
});

/** A field that may only hold what changes nothing. */
export const neutral = {
  zero: optional(z.literal(0, unsupported("0"))),
  no: optional(z.literal(false, unsupported("false"))),
  emptyList: optional(z.array(z.unknown(), unsupported("[]")).max(0, unsupported("[]"))),
  emptyText: optional(z.literal("", unsupported(""))),
  absent: z.null(unsupported("")).optional(),
};

const stopText = z.string().min(1).max(256); // the search for a stop string grows with its length
const count = z.int().min(1);
const penalty = optional(z.number().min(-2).max(2));

export const generationFields = {
  model: z.string(),
  stream: optional(z.boolean()),
  stream_options: optional(z.object({ include_usage: optional(z.boolean()) })),
  /** Clients send an empty text for none. */
  stop: optional(z.union([z.literal(""), stopText, z.array(stopText).max(4)])),
  /** Choice i of `n` uses seed + i. */
  seed: optional(z.int().max(Number.MAX_SAFE_INTEGER - 8)),
  n: optional(count.max(8)),
  max_tokens: optional(count),
  temperature: optional(z.number().min(0).max(2)),
  top_p: optional(z.number().min(0).max(1)),
  /** Not OpenAI's: as in Hugging Face Transformers, with 0 or -1 for no such limit. */
  top_k: optional(z.int().min(-1)),
  frequency_penalty: penalty,
  presence_penalty: penalty,
  /** Added to logits, by the token's id. */
  logit_bias: optional(
    z
      .record(z.string().regex(/^\d{1,9}$/), z.number().min(-100).max(100))
      .refine((bias) => Object.keys(bias).length <= 1024, "Expected at most 1024 tokens"),
  ),
};

const schema = z.object(generationFields);
export type GenerationFields = z.output<typeof schema>;

type SamplingFields = Pick<GenerationFields, "temperature" | "top_p" | "top_k"> &
  Partial<Pick<GenerationFields, "frequency_penalty" | "presence_penalty" | "logit_bias">>;

/**
 * What the requests to the engine for all choices have in common. Throws `ApiError` 400 for a bias of a token that the
 * model does not have.
 */
export function sharedSettings(
  fields: SamplingFields & Partial<Pick<GenerationFields, "stop">>,
  service: Service,
): Pick<GenerationRequest, "sampling" | "stop"> {
  const { stop } = fields;
  return {
    sampling: samplingOf(fields, service),
    stop: typeof stop === "string" ? [stop].filter(Boolean) : (stop ?? []),
  };
}

function samplingOf(fields: SamplingFields, { defaults, tokenizer: { vocabSize } }: Service): Sampling {
  const { temperature = 1, topP = 1, topK, ...others } = defaults;
  const { top_k: k = topK, logit_bias: logitBias = {} } = fields;
  const unknown = Object.keys(logitBias).find((id) => Number(id) >= vocabSize);
  if (unknown !== undefined) {
    throw new ApiError(
      400,
      "the model has no such token",
      `id ${unknown}, of ${vocabSize} tokens`,
      "give ids of the model's own tokenizer",
      { param: "logit_bias" },
    );
  }
  return {
    ...others,
    temperature: fields.temperature ?? temperature,
    topP: fields.top_p ?? topP,
    topK: k !== undefined && k > 0 ? k : undefined,
    frequencyPenalty: fields.frequency_penalty,
    presencePenalty: fields.presence_penalty,
    logitBias: Object.keys(logitBias).length > 0 ? logitBias : undefined,
  };
}

/** The seed of the first choice: the client's, or one that nobody can guess. */
export function firstSeed({ seed }: Pick<GenerationFields, "seed">): number {
  return seed ?? Number(crypto.getRandomValues(new BigUint64Array(1))[0] >> 12n);
}
