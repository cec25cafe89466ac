/** The JSON schema of a call. */
import { GenerationError } from "../errors.js";
import type { CallableFunction, CallGrammar } from "./constraint.js";

/** Words of a schema whose values are data and no schemas. */
const DATA = new Set(["const", "enum"]);
/** Words of a schema whose values are schemas by name: the names are no words. */
const NAMED = new Set(["properties", "patternProperties", "$defs", "definitions", "dependentSchemas"]);
/** Words that explain: the model reads them in its prompt, and no grammar needs them. */
const EXPLAINS = new Set(["title", "description", "default", "examples", "$comment"]);

/** A call of one of the functions: its name, then its arguments. Each `fits` says whether its parameters are kept. */
export function callSchema(
  { functions, argumentsKey }: Pick<CallGrammar, "functions" | "argumentsKey">,
  fits: (one: CallableFunction) => boolean = () => true,
): object {
  const place = (i: number) => `#${functions.length > 1 ? `/anyOf/${i}` : ""}/properties/${argumentsKey}`;
  const calls = functions.map((one, i) => ({
    type: "object",
    properties: {
      name: { const: one.name },
      [argumentsKey]: fits(one) ? argumentsSchema(one, place(i)) : { type: "object" },
    },
    required: ["name", argumentsKey],
    additionalProperties: false,
  }));
  return calls.length > 1 ? { anyOf: calls } : calls[0];
}

/**
 * The schema of a function's arguments at a place of a larger one. Throws `GenerationError` for parameters that are no
 * object.
 */
export function argumentsSchema({ name, parameters }: CallableFunction, place = "#"): object {
  if (parameters === undefined) return { type: "object", properties: {}, additionalProperties: false };
  const { type = "object" } = parameters as { type?: unknown };
  if (type === "object") return moved({ ...parameters, type }, place);
  throw new GenerationError(
    "the parameters of a function are no object",
    `${name}: type ${JSON.stringify(type)}`,
    'describe its arguments as a schema with type "object" and properties',
  );
}

/** A schema at another place of a larger one: its references to itself follow, and names for the whole go. */
function moved(schema: object, place: string): object {
  const { $id: _, $schema: __, ...rest } = schema as Record<string, unknown>;
  return move(rest, place) as object;
}

function move(value: unknown, place: string): unknown {
  if (Array.isArray(value)) return value.map((one) => move(one, place));
  if (!isTable(value)) return value;
  const kept = Object.entries(value).filter(([word]) => !EXPLAINS.has(word));
  return Object.fromEntries(
    kept.map(([word, inner]) => {
      if (word === "$ref" && typeof inner === "string") return [word, inner.replace(/^#/, place)];
      if (DATA.has(word)) return [word, inner];
      return [word, NAMED.has(word) && isTable(inner) ? moveNamed(inner, place) : move(inner, place)];
    }),
  );
}

function moveNamed(schemas: Readonly<Record<string, unknown>>, place: string): object {
  return Object.fromEntries(Object.entries(schemas).map(([name, schema]) => [name, move(schema, place)]));
}

function isTable(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
