import type { z } from "zod";
import type { Folder } from "../files/folder.js";
import { parseJson } from "../files/json.js";
import { CheckpointError } from "./errors.js";

/** Most names of a folder that a message lists. */
const mostNames = 12;

export type JsonObject = Readonly<Record<string, unknown>>;

/** A JSON file that holds an object. Throws `CheckpointError` when it does not. */
export async function readJson(folder: Folder, path: string): Promise<JsonObject> {
  const source = `${folder.location}/${path}`;
  const bytes = await folder.read(path);
  let value: unknown;
  try {
    value = parseJson(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch (cause) {
    throw notAnObject(source, (cause as Error).message, cause);
  }
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as JsonObject;
  throw notAnObject(source, JSON.stringify(value).slice(0, 60));
}

/** What a schema reads of a model's config. Throws `CheckpointError` naming the first field that does not fit. */
export function fieldsOf<Schema extends z.ZodType>(
  schema: Schema,
  config: JsonObject,
  source: string,
): z.output<Schema> {
  const result = schema.safeParse(config);
  if (result.success) return result.data;
  const [{ path, message }] = result.error.issues;
  throw new CheckpointError(
    "a field of the model's config does not fit",
    `${path.join(".")} ${JSON.stringify(config[String(path[0])])} in ${source} (${message})`,
    "check that config.json is of a model that can be opened here",
  );
}

/** The file as it is written: two spaces a level, a newline at the end. */
export function jsonText(value: object): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}

/** What a folder has, for messages: its first few names. */
export async function listed(folder: Folder): Promise<string> {
  const names = await folder.list("");
  const more = names.length > mostNames ? ` and ${names.length - mostNames} more` : "";
  return names.length === 0 ? "no files" : names.slice(0, mostNames).join(", ") + more;
}

function notAnObject(source: string, found: string, cause?: unknown): CheckpointError {
  return new CheckpointError(
    "a file of the model is not a JSON object",
    `${source}: ${found}`,
    "it is cut off or damaged: fetch or save it again",
    { cause },
  );
}
