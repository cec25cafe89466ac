/** The body of a request as a form: the fields that the route asks for. */
import type { Context } from "hono";
import type { z } from "zod";
import { shown } from "../../data/chat/messages.js";
import { ApiError } from "./api-error.js";
import { bad, checkFields, readBytes } from "./body.js";

/** Forms with more fields are refused: no client sends so many, and to read them would hold up everyone else. */
const mostParts = 100;
const mostHeaderBytes = 8192;

/**
 * Reads a request's form, `multipart/form-data` or `application/x-www-form-urlencoded`: texts and files. `name[]`, or a
 * name that is there again, makes a list, `name[key]` an object; an empty text stands for none. Fields that the schema
 * does not name are dropped. Throws `ApiError`: 415 for another content type, 413 for more than `maxBytes`, 400 for
 * what is no form or has a wrong field, which it names.
 */
export async function readForm<S extends z.ZodType>(
  c: Context,
  schema: S,
  maxBytes: number,
): Promise<z.output<S>> {
  const type = c.req.header("content-type") ?? "";
  const kind = /^(multipart\/form-data(?= *;)|application\/x-www-form-urlencoded)/i.exec(type)?.[1];
  if (kind === undefined) throw noForm(type);
  const bytes = await readBytes(c, maxBytes);
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  if (/^m/i.test(kind)) requireModest(buffer, type);
  else requireFew(buffer.toString("latin1").split("&", mostParts + 1).length);
  const form = await new Response(bytes, { headers: { "content-type": type } }).formData().catch(() => {
    throw damaged();
  });
  return checkFields(schema, fieldsOf(form));
}

function requireModest(bytes: Buffer, type: string): void {
  const [, quoted, plain] =
    /^multipart\/form-data *; *boundary=(?:"([^"\\]+)"|([^";\s]+)) *$/i.exec(type) ?? [];
  const boundary = `--${quoted ?? plain}`;
  if (!bytes.includes(boundary)) throw damaged();
  let parts = 0;
  for (let at = bytes.indexOf(boundary); at >= 0; at = bytes.indexOf(boundary, at + 1)) {
    const header = bytes.subarray(at + boundary.length, at + boundary.length + mostHeaderBytes);
    const isShort = header.length < mostHeaderBytes || header.includes("\r\n\r\n");
    if (!isShort) throw immodest(`a header of more than ${mostHeaderBytes} bytes`);
    requireFew(++parts - 1); // the last boundary begins no part
  }
}

function requireFew(parts: number): void {
  if (parts > mostParts) throw immodest(`more than ${mostParts} parts`);
}

function immodest(values: string): ApiError {
  return bad("the form is none that a client writes", values, "send fewer fields, under shorter names");
}

function fieldsOf(form: FormData): Record<string, unknown> {
  const given = new Map<string, (string | File)[]>();
  form.forEach((value, name) => {
    if (value === "") return;
    const values = given.get(name);
    if (values) values.push(value);
    else given.set(name, [value]);
  });
  const fields = [...given].map(([written, values]) => {
    const [, name, key] = /^([^[]+)\[(.*)\]$/.exec(written) ?? [written, written];
    const value = key === "" || values.length > 1 ? values : values[0];
    return [name, key ? { [key]: value } : value];
  });
  return Object.fromEntries(fields);
}

function noForm(type: string): ApiError {
  return new ApiError(
    415,
    "the body is no form",
    `content-type ${shown(type)}`,
    "send multipart/form-data, as curl does with -F, or what it sends with -d",
  );
}

function damaged(): ApiError {
  return bad(
    "the form is damaged",
    "no parts between its boundaries",
    "send it again, by a client that knows forms",
  );
}
