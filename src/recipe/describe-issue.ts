import type { z } from "zod";
import { describePlace } from "./describe.js";
import { nearest } from "./nearest.js";
import { childPlace, keysOf, type Place, placeOf } from "./schema-paths.js";

/** A schema's complaint about a recipe in three parts, with the nearest key for an unknown one. */
export function describeIssue(
  issue: z.core.$ZodIssue,
  recipe: unknown,
  schema: z.ZodType,
): { what: string; values: string; advice: string } {
  const path = issue.path.map(String);
  const place = path.reduce<Place | undefined>(
    (at, key) => at && childPlace(at, key),
    placeOf(schema, recipe),
  );
  const where = path.join(".");
  if (issue.code === "unrecognized_keys") {
    const keys = place ? keysOf(place) : [];
    const near = nearest(issue.keys[0], keys);
    return {
      what: "a recipe has an unknown key",
      values: [...path, issue.keys[0]].join("."),
      advice: `${near ? `did you mean "${near}"? ` : ""}keys here: ${keys.join(", ")}`,
    };
  }
  const missing = place?.value === undefined;
  return {
    what: missing ? "a recipe lacks a value" : "a recipe holds a value that does not fit",
    values: missing ? where : `${where}: ${JSON.stringify(place.value)} (${issue.message})`,
    advice: place ? `give ${describePlace(place)}` : issue.message,
  };
}
