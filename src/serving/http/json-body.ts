/** The body of a request: bounded bytes, UTF-8, JSON, the fields that the route asks for. */
import type { Context } from "hono";
import type { z } from "zod";
import { shown } from "../../data/chat/messages.js";
import { ApiError } from "./api-error.js";

/** Deeper JSON is refused: nothing that clients send comes near, and recursion over it must end. */
const deepest = 64;

/**
 * Reads a request's JSON. Fields that the schema does not name are dropped. Throws `ApiError`: 415 for another
 * content type, 413 for more than `maxBytes`, 400 for what is no JSON or has a wrong field, which it names.
 */
export async function readJson<S extends z.ZodType>(
  c: Context,
  schema: S,
  maxBytes: number,
): Promise<z.output<S>> {
  checkContentType(c);
  const value = parse(await readBytes(c, maxBytes));
  if (!isShallow(value, deepest)) {
    throw bad("the JSON is nested too deeply", `more than ${deepest} levels`, "send flatter JSON");
  }
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  throw fieldError(result.error.issues[0], value);
}

function checkContentType(c: Context): void {
  const type = c.req.header("content-type")?.split(";")[0].trim().toLowerCase();
  const encoding = c.req.header("content-encoding") ?? "identity";
  if (type === "application/json" && encoding === "identity") return;
  throw new ApiError(
    415,
    "the body is not plain JSON",
    `content-type ${shown(type ?? "")}, content-encoding ${shown(encoding)}`,
    "send the header Content-Type: application/json and a body that is not compressed",
  );
}

/** Counts while it reads, because a chunked body does not say its length. */
async function readBytes(c: Context, maxBytes: number): Promise<Uint8Array> {
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

function parse(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch (error) {
    const reason = error instanceof SyntaxError ? error.message : "bytes that are not UTF-8";
    throw bad("the body is not valid JSON", reason, "send one JSON object");
  }
}

function isShallow(value: unknown, levels: number): boolean {
  if (typeof value !== "object" || value === null) return true;
  return levels > 0 && Object.values(value).every((inner) => isShallow(inner, levels - 1));
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

function bad(what: string, values: string, advice: string, param?: string): ApiError {
  return new ApiError(400, what, values, advice, { param });
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
