/**
 * The fields that chat and plain completions share, as OpenAI's API has them. Null stands for absent everywhere.
 * Fields of the API that would change the answer in a way that this server cannot are refused unless they are
 * neutral; fields that nobody here has heard of are ignored, because clients send new ones all the time.
 */
import { z } from "zod";
import type { Sampling } from "../../generation/sampling.js";
import type { GenerationRequest } from "../engine/engine.js";
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
  emptyObject: optional(z.strictObject({}, unsupported("{}"))),
  emptyText: optional(z.literal("", unsupported(""))),
  absent: z.null(unsupported("")).optional(),
};

const stopText = z.string().min(1).max(256); // the search for a stop string grows with its length
const count = z.int().min(1);

export const generationFields = {
  model: z.string(),
  stream: optional(z.boolean()),
  stream_options: optional(z.object({ include_usage: optional(z.boolean()) })),
  stop: optional(z.union([stopText, z.array(stopText).max(4)])),
  /** Choice i of `n` uses seed + i. */
  seed: optional(z.int().max(Number.MAX_SAFE_INTEGER - 8)),
  n: optional(count.max(8)),
  max_tokens: optional(count),
  temperature: optional(z.number().min(0).max(2)),
  top_p: optional(z.number().gt(0).max(1)),
  /** Not OpenAI's: as in Hugging Face Transformers, with 0 for no such limit. */
  top_k: optional(z.int().min(0)),
  frequency_penalty: neutral.zero,
  presence_penalty: neutral.zero,
  logit_bias: neutral.emptyObject,
};

const schema = z.object(generationFields);
export type GenerationFields = z.output<typeof schema>;

/** What the requests to the engine for all choices have in common. */
export function sharedSettings(
  fields: Pick<GenerationFields, "temperature" | "top_p" | "top_k"> & Partial<Pick<GenerationFields, "stop">>,
  service: Service,
): Pick<GenerationRequest, "sampling" | "stop"> {
  const stop = typeof fields.stop === "string" ? [fields.stop] : (fields.stop ?? []);
  return { sampling: samplingOf(fields, service.defaults), stop };
}

function samplingOf(
  fields: Pick<GenerationFields, "temperature" | "top_p" | "top_k">,
  defaults: Partial<Sampling>,
): Sampling {
  const { temperature = 1, topP = 1, topK, ...others } = defaults;
  return {
    ...others,
    temperature: fields.temperature ?? temperature,
    topP: fields.top_p ?? topP,
    topK: (fields.top_k ?? topK) || undefined,
  };
}

/** The seed of the first choice: the client's, or one that nobody can guess. */
export function firstSeed({ seed }: Pick<GenerationFields, "seed">): number {
  return seed ?? Number(crypto.getRandomValues(new BigUint64Array(1))[0] >> 12n);
}
