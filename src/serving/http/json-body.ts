/** The body of a request as JSON: UTF-8, the fields that the route asks for. */
import type { Context } from "hono";
import type { z } from "zod";
import { shown } from "../../data/chat/messages.js";
import { ApiError } from "./api-error.js";
import { bad, checkFields, readBytes } from "./body.js";

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
  if (!isShallow(value)) {
    throw bad("the JSON is nested too deeply", `more than ${deepest} levels`, "send flatter JSON");
  }
  return checkFields(schema, value);
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

function parse(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch (error) {
    const reason = error instanceof SyntaxError ? error.message : "bytes that are not UTF-8";
    throw bad("the body is not valid JSON", reason, "send one JSON object");
  }
}

/** Whether a value is flat enough for recursion over it. */
export function isShallow(value: unknown, levels = deepest): boolean {
  if (typeof value !== "object" || value === null) return true;
  return levels > 0 && Object.values(value).every((inner) => isShallow(inner, levels - 1));
}
