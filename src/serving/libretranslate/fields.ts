/** The fields of a request as LibreTranslate has them. */
import type { Context } from "hono";
import { z } from "zod";
import { askForKey, bearer } from "../http/api-key.js";
import { readForm } from "../http/form-body.js";
import { readJson } from "../http/json-body.js";
import { enterUntilSent, type Holder, type Keyring } from "../http/keyring.js";
import type { Host } from "../http/served.js";
import { LibreTranslateError } from "./errors.js";

/** What a client sent, by its names. */
export type Fields = Readonly<Record<string, unknown>>;

/** More would ask for more beams than a model has any use for. */
const mostAlternatives = 10;

const anyFields = z.record(z.string(), z.unknown(), { error: "Invalid JSON format" });

/**
 * Reads a request: JSON, or a form of either sort. Throws `ApiError`: where the server has keys, 400 for a request
 * without one, 403 for another and 429 for one too many, and what `readJson` and `readForm` throw.
 */
export async function readFields(c: Context, { limits, keys }: Host): Promise<Fields> {
  const isForm = /^(?:multipart\/|application\/x-www-form-)/i.test(c.req.header("content-type") ?? "");
  const fields = await (isForm ? readForm : readJson)(c, anyFields, limits.bodyBytes);
  if (keys) enterUntilSent(holderOf(fields.api_key || bearer(c), keys), c);
  return fields;
}

/** The texts of `q`, and whether they came as a list. Throws `ApiError` 400. */
export function textsOf({ q }: Fields): { texts: string[]; isList: boolean } {
  const isList = Array.isArray(q);
  const texts: unknown[] = isList ? q : [required({ q }, "q")];
  if (texts.length === 0) throw missing("q");
  if (!texts.every((text) => typeof text === "string")) throw invalid("q parameter is not text");
  // A form ends its lines as the web does.
  return { texts: texts.map((text) => text.replaceAll("\r\n", "\n")), isList };
}

/** How `q` is to be translated. `source` may be "auto". Throws `ApiError` 400. */
export function wishesOf(fields: Fields) {
  const source = String(required(fields, "source"));
  const target = String(required(fields, "target"));
  const alternatives = alternativesOf(fields.alternatives ?? 0);
  const format = fields.format || "text";
  if (format !== "text" && format !== "html") {
    throw new LibreTranslateError(400, `${format} format is not supported`);
  }
  return { source, target, alternatives, isHtml: format === "html" };
}

function alternativesOf(given: unknown): number {
  const wanted = Math.max(0, Number(given === "" ? Number.NaN : given));
  if (!Number.isInteger(wanted)) throw invalid("alternatives parameter is not a number");
  if (wanted > mostAlternatives) throw invalid(`alternatives parameter must be <= ${mostAlternatives}`);
  return wanted;
}

function required(fields: Fields, name: string): unknown {
  if (!fields[name]) throw missing(name);
  return fields[name];
}

const missing = (name: string) => invalid(`missing ${name} parameter`);

const invalid = (words: string) => new LibreTranslateError(400, `Invalid request: ${words}`);

function holderOf(given: unknown, keys: Keyring): Holder {
  const details = { headers: askForKey };
  if (given === undefined || given === null) {
    throw new LibreTranslateError(400, "Please contact the server operator to get an API key", details);
  }
  const holder = keys.find(String(given));
  if (!holder) throw new LibreTranslateError(403, "Invalid API key", details);
  return holder;
}
