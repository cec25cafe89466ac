/** The JSON schema of a call. */
import { GenerationError } from "../errors.js";
import type { CallableFunction, CallGrammar } from "./constraint.js";

/** Words of a schema whose values are data and no schemas. */
const DATA = new Set(["const", "enum", "default", "examples"]);

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
      [argumentsKey]: fits(one) ? moved(parametersOf(one), place(i)) : { type: "object" },
    },
    required: ["name", argumentsKey],
    additionalProperties: false,
  }));
  return calls.length > 1 ? { anyOf: calls } : calls[0];
}

/** The schema of a function's arguments. Throws `GenerationError` for strict ones that are no object. */
export function parametersOf({ name, parameters }: CallableFunction): object {
  if (parameters === undefined) return { type: "object", properties: {}, additionalProperties: false };
  const { type = "object" } = parameters as { type?: unknown };
  if (type === "object") return { ...parameters, type };
  throw new GenerationError(
    "the parameters of a function are no object",
    `${name}: type ${JSON.stringify(type)}`,
    'describe its arguments as a schema with type "object" and properties',
  );
}

/** A schema at another place of a larger one: its references to itself follow, and names for the whole go. */
function moved(schema: object, place: string): object {
  const move = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(move);
    if (typeof value !== "object" || value === null) return value;
    const entries = Object.entries(value).map(([key, inner]) => {
      if (key === "$ref" && typeof inner === "string") return [key, inner.replace(/^#/, place)];
      return [key, DATA.has(key) ? inner : move(inner)];
    });
    return Object.fromEntries(entries);
  };
  const { $id: _, $schema: __, ...rest } = schema as Record<string, unknown>;
  return move(rest) as object;
}
