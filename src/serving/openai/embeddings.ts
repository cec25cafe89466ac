/** POST /v1/embeddings: the mean of the model's last hidden states. */
import { endianness } from "node:os";
import type { Context } from "hono";
import { z } from "zod";
import { shown } from "../../data/chat/messages.js";
import { ApiError } from "../http/api-error.js";
import { readJson } from "../http/json-body.js";
import { encodeAll, textOrIds } from "./completions.js";
import { neutral, optional } from "./generation-fields.js";
import { findModel } from "./models.js";
import type { Service } from "./service.js";

const some = z.union([z.string().min(1), textOrIds.options[1]]);

const embeddingRequest = z.object({
  model: z.string(),
  input: z.union([...some.options, z.array(some).min(1).max(2048)]),
  encoding_format: optional(z.enum(["float", "base64"])),
  dimensions: neutral.absent,
});

export async function embeddings(c: Context, service: Service): Promise<Response> {
  const { model, input, encoding_format } = await readJson(c, embeddingRequest, service.limits.bodyBytes);
  if (findModel(service, model).adapter) throw onlyTheBase(model, service.model.name);
  const texts = encodeAll(input, "input", service.prompts);
  const vectors = await embedAll(texts, c.req.raw.signal, service);
  const data = vectors.map((vector, index) => ({
    object: "embedding",
    index,
    embedding: encoding_format === "base64" ? base64(vector) : [...vector],
  }));
  const tokens = texts.reduce((sum, { length }) => sum + length, 0);
  return c.json({ object: "list", data, model, usage: { prompt_tokens: tokens, total_tokens: tokens } });
}

function embedAll(
  texts: readonly Int32Array[],
  client: AbortSignal,
  { admission, engine }: Service,
): Promise<Float32Array[]> {
  return admission.answer(client, async (signal) => {
    const vectors: Float32Array[] = [];
    for (const text of texts) vectors.push(await engine.embed(text, signal));
    return vectors;
  });
}

/** Little-endian float32, as clients expect it. */
function base64(vector: Float32Array): string {
  const bytes = Buffer.from(vector.buffer, vector.byteOffset, vector.byteLength);
  return (endianness() === "LE" ? bytes : Buffer.from(bytes).swap32()).toString("base64");
}

function onlyTheBase(name: string, base: string): ApiError {
  return new ApiError(
    400,
    "embeddings come from the base model",
    `model ${shown(name)}, an adapter`,
    `name ${shown(base)} as the model`,
    { param: "model" },
  );
}
