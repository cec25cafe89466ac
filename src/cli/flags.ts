/** Flags of commands from the options that uses of models declare. */
import { InvalidArgumentError, Option } from "commander";
import { z } from "zod";
import { innerSchema } from "../recipe/schema-paths.js";

/** An option of one or several uses, as a flag. */
export interface Flag {
  /** As options name it, such as "maxTokens". */
  readonly key: string;
  /** Such as "--max-tokens". */
  readonly long: string;
  /** Name of its value; absent: it takes none. */
  readonly argument?: string;
  readonly description: string;
  readonly isList: boolean;
  /** Of one value, by each use that has the option. */
  readonly values: readonly z.core.$ZodType[];
}

interface Meta {
  readonly argument?: string;
  readonly description?: string;
  readonly hint?: string;
  /** Its value is the path of a file that is read. */
  readonly isFile?: boolean;
  /** "-" stands for standard input. */
  readonly isInput?: boolean;
}

const metaOf = (schema: z.core.$ZodType): Meta => z.globalRegistry.get(schema) ?? {};

export const flagName = (key: string) => `--${key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;

/** The flags of all these options together; of a flag that several have, the first describes it. */
export function flagsOf(options: readonly z.ZodObject[]): Flag[] {
  const flags = new Map<string, Flag>();
  for (const [key, schema] of options.flatMap(({ shape }) => Object.entries(shape))) {
    const { isList, value } = oneValueOf(schema);
    const known = flags.get(key);
    const { argument, description = "" } = metaOf(schema);
    const values = [...(known?.values ?? []), value];
    const first = {
      key,
      long: flagName(key),
      argument,
      description: description + defaultOf(schema),
      isList,
    };
    flags.set(key, { ...(known ?? first), values });
  }
  return [...flags.values()];
}

/** The schema of one value. */
function oneValueOf(schema: z.core.$ZodType): { isList: boolean; value: z.core.$ZodType } {
  const inner = innerSchema(schema);
  const { def } = (inner as z.core.$ZodTypes)._zod;
  return def.type === "array" ? { isList: true, value: def.element } : { isList: false, value: inner };
}

function defaultOf(schema: z.core.$ZodType): string {
  const { def } = (schema as z.core.$ZodTypes)._zod;
  if (def.type !== "default" || typeof def.defaultValue === "object") return "";
  return ` (default: ${def.defaultValue})`;
}

/** The flag for commander, which prints what does not fit. */
export function toOption({ long, argument, description, isList, values }: Flag): Option {
  const option = new Option(
    argument ? `${long} <${argument}${isMany(argument) ? "..." : ""}>` : long,
    description,
  );
  if (!argument) return option;
  const choices = values.map(choicesOf);
  if (choices.every((names) => names.length > 0)) return option.choices([...new Set(choices.flat())]);
  return option.argParser((text: string, before: unknown) => {
    if (values.every((schema) => readText(text, schema) === undefined)) {
      throw new InvalidArgumentError(values.map((schema) => metaOf(schema).hint).find(Boolean) ?? "");
    }
    return isList ? [...((before as string[]) ?? []), text] : text;
  });
}

/** Several paths may follow one flag, as a shell writes out a pattern. */
const isMany = (argument: string) => argument === "files";

function choicesOf(schema: z.core.$ZodType): string[] {
  const { def } = (schema as z.core.$ZodTypes)._zod;
  return def.type === "enum" ? Object.values(def.entries).map(String) : [];
}

/** A text as what a schema of one value takes: a number, or itself; undefined where it takes neither. */
function readText(text: string, schema: z.core.$ZodType): unknown {
  if (metaOf(schema).isFile) return text;
  const number = text.trim() === "" ? Number.NaN : Number(text);
  const readings = Number.isFinite(number) ? [number, text] : [text];
  return readings.find((reading) => z.safeParse(schema, reading).success);
}

/** What was given for a flag, as an option takes it; what does not fit stays as it is, for the schema to refuse. */
export function readGiven(given: unknown, schema: z.core.$ZodType): unknown {
  const { isList, value } = oneValueOf(schema);
  const read = (text: unknown) => readText(String(text), value) ?? text;
  if (!Array.isArray(given)) return isList ? [read(given)] : read(given);
  if (isList) return given.map(read);
  return given.length === 1 ? read(given[0]) : given.map(String).join(" ");
}

/** How an option is read: whether it is a list, of files to be read, or may be "-" for standard input. */
export function readingOf(schema: z.core.$ZodType): Pick<Meta, "isFile" | "isInput"> & { isList: boolean } {
  const { isList, value } = oneValueOf(schema);
  return { ...metaOf(value), isList };
}

/** Names of the options that a use cannot do without. */
export function requiredKeys({ shape }: z.ZodObject): string[] {
  return Object.entries(shape).flatMap(([key, schema]) =>
    z.safeParse(schema, undefined).success ? [] : [key],
  );
}
