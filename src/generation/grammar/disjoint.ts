/** Proofs that no value fits two schemas. */
import { type Keywords, listedValues, type Schema, TYPES, typeOf } from "./keywords.js";

/** Required properties that are looked at; there are as many comparisons as pairs of schemas. */
const MAX_NAMES = 50;

/** Finds the schema that a chain of references ends at. */
export type Follow = (schema: Schema) => Keywords | boolean;

/**
 * True when no value fits both: they list different values, allow different types, or are objects that differ in a
 * property that one of them requires. False proves nothing.
 */
export function areDisjoint(a: Keywords | true, b: Keywords | true, follow: Follow): boolean {
  if (a === true || b === true) return false;
  if (listDifferentValues(a, b)) return true;
  const theirs = allowedTypes(b);
  const common = allowedTypes(a).filter((type) => theirs.includes(type));
  if (common.some((type) => type !== "object")) return false;
  return common.length === 0 || differInProperty(a, b, follow) || differInProperty(b, a, follow);
}

function listDifferentValues(a: Keywords, b: Keywords): boolean {
  const mine = listedValues(a);
  const theirs = listedValues(b);
  if (mine === undefined || theirs === undefined) return false;
  const others = new Set(theirs);
  // Equal objects may be spelled differently, so of those nothing follows.
  return mine.every((text) => !/^[[{]/.test(text) && !others.has(text));
}

/** The types of the values that a schema allows, integers as numbers. */
function allowedTypes(source: Keywords): string[] {
  const listed = listedValues(source)?.map((text) => typeOf(JSON.parse(text)));
  const types = listed ?? (source.type === undefined ? TYPES : [source.type].flat());
  return types.map((type) => (type === "integer" ? "number" : type));
}

/** Whether a property that `a` requires can in `b` not be, or not have any of the same values. */
function differInProperty(a: Keywords, b: Keywords, follow: Follow): boolean {
  return (a.required ?? []).slice(0, MAX_NAMES).some((name) => {
    const mine = follow(propertyOf(a, name));
    const theirs = follow(propertyOf(b, name));
    if (theirs === false) return true;
    return typeof mine === "object" && typeof theirs === "object" && listDifferentValues(mine, theirs);
  });
}

function propertyOf(source: Keywords, name: string): Schema {
  const { properties = {}, additionalProperties = true } = source;
  return Object.hasOwn(properties, name) ? properties[name] : additionalProperties;
}
