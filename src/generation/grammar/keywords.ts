/** The part of JSON Schema that is understood, and the refusal of everything else. */
import { z } from "zod";
import { GenerationError } from "../errors.js";

export type Schema = boolean | Readonly<Record<string, unknown>>;

export const TYPES = ["object", "array", "string", "number", "integer", "boolean", "null"] as const;
export type TypeName = (typeof TYPES)[number];

const type = z.enum(TYPES);
const schema = z.custom<Schema>(isSchema, "expected a schema: an object, true or false");
const schemas = z.array(schema).min(1);
const schemaTable = z.custom<Readonly<Record<string, Schema>>>(
  (value) => isObject(value) && Object.values(value).every(isSchema),
  "expected an object of schemas",
);
const count = z.int().min(0);

const shape = {
  type: z.union([type, z.array(type).min(1)], `expected one or several of ${TYPES.join(", ")}`).optional(),
  enum: z.array(z.unknown()).min(1).optional(),
  const: z.unknown().optional(),
  $ref: z.string().optional(),
  anyOf: schemas.optional(),
  oneOf: schemas.optional(),
  allOf: schemas.optional(),
  properties: schemaTable.optional(),
  required: z.array(z.string()).optional(),
  additionalProperties: schema.optional(),
  propertyNames: schema.optional(),
  items: z.union([schema, z.array(schema)], "expected a schema, or a list of schemas").optional(),
  prefixItems: schemas.optional(),
  additionalItems: schema.optional(),
  minItems: count.optional(),
  maxItems: count.optional(),
  minLength: count.optional(),
  maxLength: count.optional(),
  pattern: z.string().optional(),
  format: z.string().optional(),
  minimum: z.number().optional(),
  maximum: z.number().optional(),
  exclusiveMinimum: z.number().optional(),
  exclusiveMaximum: z.number().optional(),
};
const keywords = z.object(shape);
export type Keywords = Readonly<z.infer<typeof keywords>>;

/** Keywords that restrict nothing. */
const ANNOTATIONS = new Set([
  ...["title", "description", "default", "examples", "deprecated", "readOnly", "writeOnly"],
  ...["$schema", "$id", "$comment", "$defs", "definitions"],
  ...["contentEncoding", "contentMediaType", "contentSchema"],
]);

/** The keywords of a schema that say something, checked. Throws `GenerationError` for what is not understood. */
export function readKeywords(source: Readonly<Record<string, unknown>>, path: string): Keywords {
  const unknown = Object.keys(source).find((name) => !Object.hasOwn(shape, name) && !ANNOTATIONS.has(name));
  if (unknown !== undefined) {
    throw refuse(path, `the keyword ${unknown}`, `supported are: ${Object.keys(shape).join(", ")}.`);
  }
  if (path !== "#" && source.$id !== undefined) {
    throw refuse(path, "$id below the top", "name parts of the schema under $defs");
  }
  const result = keywords.safeParse(source);
  if (result.success) return source as Keywords;
  const [issue] = result.error.issues;
  throw new GenerationError(
    "the JSON schema is wrong",
    `${[path, ...issue!.path].join("/")}: ${issue!.message}`,
    "give a schema as JSON Schema (draft 2020-12) defines it",
  );
}

/** The names of the keywords that say something. */
export function namesOf(source: Keywords): string[] {
  return Object.keys(source).filter((name) => !ANNOTATIONS.has(name));
}

export function refuse(path: string, what: string, advice: string): GenerationError {
  return new GenerationError(
    "the JSON schema asks for something that is not supported",
    `${path}: ${what}`,
    advice,
  );
}

/** A schema that holds only these keywords beside annotations, or else a refusal of the others. */
export function expectOnly(source: Keywords, path: string, names: readonly string[]): void {
  const other = namesOf(source).find((name) => !names.includes(name));
  if (other === undefined) return;
  throw refuse(path, `${other} beside ${names[0]}`, `leave one out, or say ${other} inside of ${names[0]}.`);
}

const KEYWORDS_OF: readonly (readonly [readonly TypeName[], readonly string[]])[] = [
  [["object"], ["properties", "required", "additionalProperties", "propertyNames"]],
  [["array"], ["items", "prefixItems", "additionalItems", "minItems", "maxItems"]],
  [["string"], ["minLength", "maxLength", "pattern"]],
  [["number"], ["minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"]],
];

/**
 * The types of the values that are written: those of the schema, each once, without integers where all numbers are
 * allowed. A schema without types allows all; if it has keywords of some types, only those are written.
 */
export function typesOf(source: Keywords): TypeName[] {
  const { type: given } = source;
  const names = new Set(namesOf(source));
  const implied = KEYWORDS_OF.flatMap(([types, words]) =>
    words.some((word) => names.has(word)) ? types : [],
  );
  const all = given === undefined ? (implied.length > 0 ? implied : TYPES) : [given].flat();
  return [...new Set(all)].filter((name) => name !== "integer" || !all.includes("number"));
}

/** The type of a value; whole numbers are integers, and so numbers too. */
export function typeOf(value: unknown): TypeName {
  if (value === null) return "null";
  if (Array.isArray(value)) return "array";
  if (Number.isInteger(value)) return "integer";
  return typeof value as TypeName;
}

/** The texts of the values that a schema lists, if it does; those of another type than it asks for are left out. */
export function listedValues(source: Keywords): string[] | undefined {
  const hasConst = Object.hasOwn(source, "const");
  if (!hasConst && source.enum === undefined) return undefined;
  const types = source.type === undefined ? TYPES : [source.type].flat();
  const listed = hasConst ? [source.const] : source.enum!;
  const fits = (value: unknown) => {
    const own = typeOf(value);
    return types.includes(own) || (own === "integer" && types.includes("number"));
  };
  return [...new Set(listed.filter(fits).map((value) => JSON.stringify(value)))];
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

export function isSchema(value: unknown): value is Schema {
  return typeof value === "boolean" || isObject(value);
}
