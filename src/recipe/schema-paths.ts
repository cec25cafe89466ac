import { z } from "zod";

/** One place in a recipe. */
export interface Place {
  /** Of these schemas, as they were written, a value must satisfy one. */
  readonly declared: readonly z.core.$ZodType[];
  /** The same without wrappers (optional, default, ...) and with unions opened: for looking at their keys. */
  readonly schemas: readonly z.core.$ZodType[];
  /** What the recipe holds there now. */
  readonly value: unknown;
}

/** A schema that demands of later values what this value shows: types, and the keys of its objects. */
export function schemaOf(value: unknown): z.ZodType {
  if (value === null || value === undefined) return z.unknown();
  if (typeof value === "string") return z.string();
  if (typeof value === "number") return z.number();
  if (typeof value === "boolean") return z.boolean();
  if (Array.isArray(value)) return z.array(value.length > 0 ? schemaOf(value[0]) : z.unknown());
  if (!isSection(value)) return z.never(); // a function or a class instance: no flag can write one
  return z.strictObject(
    Object.fromEntries(Object.entries(value).map(([key, held]) => [key, schemaOf(held)])),
  );
}

export function isSection(value: unknown): value is Record<string, unknown> {
  if (typeof value !== "object" || value === null) return false;
  const prototype = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

/** The place that a schema describes and a value fills. */
export function placeOf(schema: z.core.$ZodType, value: unknown): Place {
  return placeOfAny([schema], value);
}

/** The place under a key, or undefined when no schema here knows the key. */
export function childPlace(place: Place, key: string): Place | undefined {
  const children = place.schemas
    .map((schema) => childSchema(schema, key))
    .filter((child) => child !== undefined);
  return children.length > 0 ? placeOfAny(children, heldAt(place.value, key)) : undefined;
}

function placeOfAny(schemas: readonly z.core.$ZodType[], value: unknown): Place {
  // Where a schema says nothing, what the recipe holds says what may stand there.
  const declared = schemas.map((schema) =>
    saysNothing(schema) && value !== undefined ? schemaOf(value) : schema,
  );
  return { declared, schemas: declared.flatMap((schema) => openedSchemas(schema, value)), value };
}

/** The keys that a place names, in the order of its schemas. */
export function keysOf(place: Place): string[] {
  const keys = place.schemas.flatMap((schema) => {
    const { def } = (schema as z.core.$ZodTypes)._zod;
    return def.type === "object" ? Object.keys(def.shape) : [];
  });
  const isOpen = place.schemas.some((schema) => schema._zod.def.type === "record");
  return [...new Set(isOpen && isSection(place.value) ? [...keys, ...Object.keys(place.value)] : keys)];
}

/** The key that decides between a place's variants (a discriminated union), if there is one. */
export function discriminatorOf(place: Place): string | undefined {
  return place.declared
    .map((schema) => discriminatorKey(innerSchema(schema)))
    .find((key) => key !== undefined);
}

function discriminatorKey(schema: z.core.$ZodType): string | undefined {
  const { def } = (schema as z.core.$ZodTypes)._zod;
  return def.type === "union" && "discriminator" in def ? (def.discriminator as string) : undefined;
}

function childSchema(schema: z.core.$ZodType, key: string): z.core.$ZodType | undefined {
  const { def } = (schema as z.core.$ZodTypes)._zod;
  const isIndex = /^\d+$/.test(key);
  if (def.type === "object") return Object.hasOwn(def.shape, key) ? def.shape[key] : openRest(def.catchall);
  if (def.type === "record") return def.valueType;
  if (def.type === "array" && isIndex) return def.element;
  if (def.type === "tuple" && isIndex) return def.items[Number(key)] ?? def.rest ?? undefined;
  return undefined;
}

/** What an object allows beyond its own keys; a strict one allows nothing. */
function openRest(catchall: z.core.$ZodType | undefined): z.core.$ZodType | undefined {
  return catchall?._zod.def.type === "never" ? undefined : catchall;
}

function heldAt(value: unknown, key: string): unknown {
  return typeof value === "object" && value !== null && Object.hasOwn(value, key)
    ? (value as Record<string, unknown>)[key]
    : undefined;
}

function openedSchemas(schema: z.core.$ZodType, value: unknown): z.core.$ZodType[] {
  const inner = innerSchema(schema);
  const { def } = (inner as z.core.$ZodTypes)._zod;
  if (def.type === "union") {
    const discriminator = discriminatorKey(inner);
    const chosen = discriminator === undefined ? [] : variants(def.options, discriminator, value);
    return (chosen.length > 0 ? chosen : def.options).flatMap((option) => openedSchemas(option, value));
  }
  if (def.type === "intersection") {
    return [...openedSchemas(def.left, value), ...openedSchemas(def.right, value)];
  }
  return [inner];
}

function saysNothing(schema: z.core.$ZodType): boolean {
  return ["any", "unknown", "custom"].includes(innerSchema(schema)._zod.def.type);
}

function variants(options: readonly z.core.$ZodType[], discriminator: string, value: unknown) {
  const held = heldAt(value, discriminator) as z.core.util.Primitive;
  return options.filter((option) => option._zod.propValues?.[discriminator]?.has(held));
}

/** Takes off what does not change the type that a recipe writes. */
export function innerSchema(schema: z.core.$ZodType): z.core.$ZodType {
  const { def } = (schema as z.core.$ZodTypes)._zod;
  switch (def.type) {
    case "optional":
    case "nullable":
    case "default":
    case "prefault":
    case "nonoptional":
    case "readonly":
    case "catch":
      return innerSchema(def.innerType);
    case "lazy":
      return innerSchema(def.getter());
    case "pipe":
      return innerSchema(def.in._zod.def.type === "transform" ? def.out : def.in); // z.preprocess puts it first
    default:
      return schema;
  }
}
