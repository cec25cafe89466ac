import { z } from "zod";
import { describePlace } from "./describe.js";
import { RecipeError } from "./errors.js";
import { nearest } from "./nearest.js";
import {
  childPlace,
  discriminatorOf,
  isSection,
  keysOf,
  type Place,
  placeOf,
  schemaOf,
} from "./schema-paths.js";

/** A dotted path into a recipe, and the text that a flag gave for it. */
export type Override = [path: string, text: string];

const DOTTED_FLAG = /^--([^.=\s]+(?:\.[^.=\s]+)+)(?:=(.*))?$/s;

/**
 * Takes the dotted flags out of a command line: `--a.b=value`, `--a.b value`, or a bare `--a.b` for true.
 * All else stays in `rest`, in order; after `--` nothing is a flag.
 */
export function parseOverrides(argv: readonly string[]): { overrides: Override[]; rest: string[] } {
  const overrides: Override[] = [];
  const rest: string[] = [];
  for (let i = 0; i < argv.length; i++) {
    if (argv[i] === "--") return { overrides, rest: [...rest, ...argv.slice(i)] };
    const [, path, attached] = DOTTED_FLAG.exec(argv[i]) ?? [];
    if (path === undefined) rest.push(argv[i]);
    else if (attached !== undefined) overrides.push([path, attached]);
    else if (i + 1 === argv.length || argv[i + 1].startsWith("--")) overrides.push([path, "true"]);
    else overrides.push([path, argv[++i]]);
  }
  return { overrides, rest };
}

/**
 * A copy of a recipe with the overrides in it; a path given several times makes a list. Each value is checked
 * against the schema of its place, or without one against the type of the value that stands there. A change of
 * variant (`--optimizer.kind=muon`) comes first and drops keys that the new variant lacks. Throws `RecipeError`.
 */
export function applyOverrides(recipe: object, overrides: readonly Override[], schema?: z.ZodType): object {
  const checks = schema ?? schemaOf(recipe);
  const given = [...grouped(overrides)].map(([path, texts]) => ({ path, keys: path.split("."), texts }));
  const isVariant = ({ keys }: { keys: string[] }) => choosesVariant(placeOf(checks, recipe), keys);
  const ordered = [...given.filter(isVariant), ...given.filter((override) => !isVariant(override))];
  return ordered.reduce<object>(
    (changed, { path, keys, texts }) => withOverride(placeOf(checks, changed), keys, path, texts) as object,
    recipe,
  );
}

function grouped(overrides: readonly Override[]): Map<string, string[]> {
  const groups = new Map<string, string[]>();
  for (const [path, text] of overrides) groups.set(path, [...(groups.get(path) ?? []), text]);
  return groups;
}

function choosesVariant(place: Place, [key, ...deeper]: readonly string[]): boolean {
  if (deeper.length === 0) return discriminatorOf(place) === key;
  const child = childPlace(place, key!);
  return child !== undefined && choosesVariant(child, deeper);
}

/** The value of a place after the override of what lies at `keys` under it. */
function withOverride(
  place: Place,
  keys: readonly string[],
  path: string,
  texts: readonly string[],
): unknown {
  const [key, ...deeper] = keys;
  if (key === undefined) return parsedValue(place, path, texts);
  const opened = discriminatorOf(place) === key && deeper.length === 0 ? withAllVariants(place) : place;
  const child = childPlace(opened, key) ?? failUnknown(opened, keys, path);
  const value = withOverride(child, deeper, path, texts);
  if (Array.isArray(place.value)) return place.value.with(indexIn(place.value, key, path), value);
  const section = { ...(isSection(place.value) ? place.value : {}), [key]: value };
  return opened === place ? section : withoutStrangers(place, section);
}

function withAllVariants({ declared, value }: Place): Place {
  return { ...placeOf(z.union(declared as z.core.$ZodType[]), undefined), value };
}

/** Keeps the keys that the variant which a section now names has. */
function withoutStrangers(place: Place, section: Record<string, unknown>): Record<string, unknown> {
  const now = placeOf(z.union(place.declared as z.core.$ZodType[]), section);
  return Object.fromEntries(Object.entries(section).filter(([key]) => childPlace(now, key) !== undefined));
}

function indexIn(list: readonly unknown[], key: string, path: string): number {
  if (Number(key) < list.length) return Number(key);
  throw new RecipeError(
    `"${path}" points past the end of a list`,
    `the list has ${list.length} ${list.length === 1 ? "entry" : "entries"}, counted from 0`,
    "give an index that exists, or the whole list",
  );
}

function failUnknown(place: Place, keys: readonly string[], path: string): never {
  const depth = path.split(".").length - keys.length;
  const before = path.split(".").slice(0, depth);
  const section = before.length > 0 ? before.join(".") : "the recipe";
  const known = keysOf(place);
  const near = nearest(keys[0], known);
  throw new RecipeError(
    `the recipe has no key "${path}"`,
    known.length > 0
      ? `${section} has the keys ${known.join(", ")}`
      : `${section} has no keys: it is ${describePlace(place)}`,
    near === undefined
      ? "use one of the keys that exist"
      : `did you mean --${[...before, near, ...keys.slice(1)].join(".")}?`,
  );
}

/** The first reading of the texts that fits the place. */
function parsedValue(place: Place, path: string, texts: readonly string[]): unknown {
  const readings = texts.length > 1 ? listReadings(texts) : singleReadings(texts[0]);
  const fits = (reading: unknown) => place.declared.some((schema) => z.safeParse(schema, reading).success);
  const found = readings.findIndex(fits);
  if (found >= 0) return readings[found];
  throw new RecipeError(
    `the value of "${path}" does not fit`,
    `${texts.map((text) => JSON.stringify(text)).join(", ")}; expected ${describePlace(place)}${complaint(place, readings)}`,
    `write --${path}=<value> with ${describePlace(place)}`,
  );
}

/** A text as a number, true, false, null or JSON; as itself; or, unless it is a list, as the only entry of one. */
function singleReadings(text: string): unknown[] {
  const read = readJson(text);
  return Array.isArray(read) ? [read, text] : [read, text, [read], [text]];
}

function listReadings(texts: readonly string[]): unknown[] {
  return [texts.map(readJson), [...texts]];
}

function readJson(text: string): unknown {
  const number = Number(text);
  if (text.trim() !== "" && Number.isFinite(number)) return number;
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/** What a schema says against a value of the right type, such as one out of its range. */
function complaint(place: Place, readings: readonly unknown[]): string {
  for (const reading of readings) {
    for (const schema of place.declared) {
      const issue = z.safeParse(schema, reading).error?.issues[0];
      const isAboutRange =
        issue !== undefined && ["too_small", "too_big", "not_multiple_of", "custom"].includes(issue.code);
      if (isAboutRange) return ` (${issue.message})`;
    }
  }
  return "";
}
