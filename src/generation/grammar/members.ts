/** What a schema says of the items of an array and of the properties of an object. */
import {
  expectOnly,
  type Keywords,
  listedValues,
  namesOf,
  refuse,
  type Schema,
  typesOf,
} from "./keywords.js";
import type { Alternative, SchemaTree } from "./schema-tree.js";

/** The schemas of the first items and of those after them, in the words of draft 2020-12 or of draft 7. */
export function itemsOf(source: Keywords, path: string): { first: readonly Schema[]; others: Schema } {
  const { items = true, prefixItems = [], additionalItems = true } = source;
  if (!Array.isArray(items)) return { first: prefixItems, others: items };
  if (prefixItems.length === 0) return { first: items, others: additionalItems };
  throw refuse(path, "prefixItems beside a list of items", "give one of the two");
}

/** The properties that may occur by name, in the order of the schema, and the schema of all others. */
export function propertiesOf(
  source: Keywords,
  path: string,
  tree: SchemaTree,
): { properties: Map<string, Schema>; others: Schema } {
  const { properties = {}, required = [], additionalProperties: others = true } = source;
  const all = new Map(Object.entries(properties));
  for (const name of required) if (!all.has(name)) all.set(name, others);
  const allowed =
    source.propertyNames === undefined ? undefined : namesAllowed(source.propertyNames, path, tree);
  if (allowed === undefined) return { properties: all, others };
  for (const name of allowed) if (!all.has(name)) all.set(name, others);
  for (const name of all.keys()) if (!allowed.has(name)) all.set(name, false);
  return { properties: all, others: false };
}

/** The names that `propertyNames` lists; undefined where it allows all. */
function namesAllowed(schema: Schema, path: string, tree: SchemaTree): Set<string> | undefined {
  const alternatives = tree.alternatives(schema, `${path}/propertyNames`);
  if (alternatives.some(allowsEveryName)) return undefined;
  const listed = alternatives.map(({ schema: names, path: place }) => {
    const values = names === true ? undefined : listedValues(names);
    if (values === undefined || names === true) {
      throw refuse(place, "names by a rule", "list them with enum, or leave propertyNames out");
    }
    expectOnly(names, place, [names.enum ? "enum" : "const", "type"]);
    return values.map((text): unknown => JSON.parse(text));
  });
  return new Set(listed.flat().filter((name) => typeof name === "string"));
}

function allowsEveryName({ schema }: Alternative): boolean {
  if (schema === true) return true;
  return namesOf(schema).every((name) => name === "type") && typesOf(schema).includes("string");
}
