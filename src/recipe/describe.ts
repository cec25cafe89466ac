import { z } from "zod";
import { type Place, placeOf } from "./schema-paths.js";

/** What a place accepts, in words: "a number", "one of cosine, linear", "a list (...)". */
export function describePlace(place: Place): string {
  const texts = place.schemas.map(describe);
  if (place.declared.some(allowsNull)) texts.push("null");
  return [...new Set(texts)].join(", or ");
}

function describe(schema: z.core.$ZodType): string {
  const { def } = (schema as z.core.$ZodTypes)._zod;
  switch (def.type) {
    case "string":
      return "a text";
    case "number":
      return schema instanceof z.ZodNumber && schema.format?.includes("int") ? "a whole number" : "a number";
    case "boolean":
      return "true or false";
    case "literal":
      return def.values.map(String).join(" or ");
    case "enum":
      return `one of ${Object.values(def.entries).join(", ")}`;
    case "array":
      return `a list (repeat the flag, or give a JSON array), each ${describePlace(placeOf(def.element, undefined))}`;
    case "tuple":
      return `a JSON array of ${def.items.length} (${def.items.map((item) => describePlace(placeOf(item, undefined))).join(", ")})`;
    case "object":
      return `a section with the keys ${Object.keys(def.shape).join(", ")}`;
    case "record":
      return "a section with keys of your own";
    case "any":
    case "unknown":
      return "any value";
    case "never":
    case "custom":
    case "function":
      return "code, which only the recipe's file can hold";
    default:
      return `a value of type ${def.type}`;
  }
}

function allowsNull(schema: z.core.$ZodType): boolean {
  return schema._zod.def.type === "nullable";
}
