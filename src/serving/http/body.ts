/** The body of a request, whatever its form: bounded bytes, and fields that are as the route asks. */
import type { Context } from "hono";
import type { z } from "zod";
import { shown } from "../../data/chat/messages.js";
import { ApiError } from "./api-error.js";

/**
 * Counts while it reads, because a chunked body does not say its length. Throws `ApiError`: 413 for more than
 * `maxBytes`, 400 for a body that breaks off.
 */
export async function readBytes(c: Context, maxBytes: number): Promise<Uint8Array<ArrayBuffer>> {
  const claimed = Number(c.req.header("content-length") ?? 0);
  if (claimed > maxBytes) throw tooLarge(claimed, maxBytes);
  const chunks: Uint8Array[] = [];
  let size = 0;
  const reader = c.req.raw.body?.getReader();
  for (;;) {
    const chunk = await reader?.read().catch(brokenOff);
    if (!chunk || chunk.done) return Buffer.concat(chunks);
    chunks.push(chunk.value);
    size += chunk.value.length;
    if (size > maxBytes) throw tooLarge(size, maxBytes);
  }
}

/** The fields as the schema has them. Throws `ApiError` 400 for a wrong one, which it names. */
export function checkFields<S extends z.ZodType>(schema: S, fields: unknown): z.output<S> {
  const result = schema.safeParse(fields);
  if (result.success) return result.data;
  throw fieldError(result.error.issues[0], fields);
}

/** A body that is wrong, in the field `param`. */
export function bad(what: string, values: string, advice: string, param?: string): ApiError {
  return new ApiError(400, what, values, advice, { param });
}

/** Of the ways in which a union does not match, the one that came furthest says most. */
function furthest(issue: z.core.$ZodIssue): z.core.$ZodIssue {
  if (issue.code !== "invalid_union") return issue;
  const inner = issue.errors.flat().map(furthest);
  const best = inner.toSorted((a, b) => b.path.length - a.path.length)[0];
  return best?.path.length > 0 ? { ...best, path: [...issue.path, ...best.path] } : issue;
}

function fieldError(first: z.core.$ZodIssue, body: unknown): ApiError {
  const { path, message } = furthest(first);
  const param = path.reduce<string>(
    (name, key) =>
      typeof key === "number" ? `${name}[${key}]` : name ? `${name}.${String(key)}` : String(key),
    "",
  );
  const value = path.reduce<unknown>((inner, key) => (inner as Record<PropertyKey, unknown>)?.[key], body);
  const values = value === Number.POSITIVE_INFINITY ? "a number beyond all range" : shown(value);
  const what = param ? `The field '${param}' is wrong.` : "The body is wrong.";
  return bad(what, values, message, param || undefined);
}

function brokenOff(): never {
  throw bad("the body broke off", "fewer bytes than announced", "send it again");
}

function tooLarge(size: number, maxBytes: number): ApiError {
  return new ApiError(
    413,
    "the body is too large",
    `${size} bytes or more, the server takes ${maxBytes}`,
    "send less in one request",
    { code: "request_too_large", headers: { connection: "close" } },
  );
}
