import { GenerationError } from "../errors.js";
import { isSchema, typeOf } from "./keywords.js";

const MAX_CHARACTERS = 128 * 1024;
const MAX_DEPTH = 100;

/** The text of a schema. Throws `GenerationError` for one that is too large, too deep, or no JSON. */
export function schemaText(schema: object): string {
  if (!isSchema(schema)) {
    throw new GenerationError("the JSON schema is wrong", typeOf(schema), "give an object");
  }
  if (isDeeper(schema, MAX_DEPTH)) {
    throw new GenerationError(
      "the JSON schema is nested too deeply, or contains itself",
      `more than ${MAX_DEPTH} levels`,
      "name parts of it under $defs and refer to them with $ref",
    );
  }
  const text: string | undefined = JSON.stringify(schema);
  if (text !== undefined && text.length <= MAX_CHARACTERS) return text;
  throw new GenerationError(
    "the JSON schema is too large",
    `${text?.length ?? "no"} characters of JSON; the limit is ${MAX_CHARACTERS}`,
    "shorten lists of values and descriptions",
  );
}

function isDeeper(value: unknown, levels: number): boolean {
  if (typeof value !== "object" || value === null) return false;
  return levels === 0 || Object.values(value).some((part) => isDeeper(part, levels - 1));
}
