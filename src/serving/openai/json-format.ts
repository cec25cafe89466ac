/** Answers that are JSON, as the three routes ask for them. */
import { z } from "zod";
import { type GenerationRequest, RequestError } from "../engine/engine.js";
import { badField } from "../http/api-error.js";
import { optional } from "./generation-fields.js";

const schema = z.record(z.string(), z.unknown());
const text = z.object({ type: z.literal("text") });
/** `schema` is not OpenAI's: llama.cpp's clients give it here. */
const object = z.object({ type: z.literal("json_object"), schema: optional(schema) });
/** `strict` needs no looking at: the answer always keeps to the schema. */
const named = { name: z.string(), schema };

/** `response_format` of completions. */
export const responseFormat = z.discriminatedUnion("type", [
  text,
  object,
  z.object({ type: z.literal("json_schema"), json_schema: z.object(named) }),
]);

/** `text.format` of responses. */
export const textFormat = z.discriminatedUnion("type", [
  text,
  object,
  z.object({ type: z.literal("json_schema"), ...named }),
]);

type Format = z.output<typeof responseFormat> | z.output<typeof textFormat>;

/** What the answer keeps to; see `GenerationRequest`. */
export function schemaOf(format: Format | undefined): object | true | undefined {
  if (format?.type === "json_object") return format.schema ?? true;
  if (format?.type !== "json_schema") return undefined;
  return "json_schema" in format ? format.json_schema.schema : format.schema;
}

/**
 * Everything else was checked before; what is left for the engine to refuse is a schema: throws that as an `ApiError` 400
 * which names `param`, or the tools that the request has.
 */
export async function namingSchema<T>(
  { calls, jsonSchema }: GenerationRequest,
  param: string,
  answer: () => Promise<T>,
): Promise<T> {
  try {
    return await answer();
  } catch (error) {
    const named = calls ? "tools" : jsonSchema && param;
    throw error instanceof RequestError && named ? badField(error, named) : error;
  }
}
