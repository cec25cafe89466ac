import type { Command } from "commander";
import type { z } from "zod";
import type { Use } from "../modalities/modality.js";
import { CommandError } from "./errors.js";
import { flagName, readGiven, readingOf, requiredKeys } from "./flags.js";
import { readInput, readStandardInput } from "./input-files.js";

/** The flags of a command as the options of a use. Throws `CommandError` for one that is missing or does not fit. */
export async function readOptions(
  { options, askedBy }: Pick<Use, "options" | "askedBy">,
  command: Command,
): Promise<Record<string, unknown>> {
  const given: Record<string, unknown> = {};
  const all = command.opts<Record<string, unknown>>();
  for (const [key, schema] of Object.entries(options.shape)) {
    if (all[key] !== undefined) given[key] = await readValue(all[key], schema);
  }
  const missing = requiredKeys(options).find((key) => given[key] === undefined);
  if (missing !== undefined) {
    const option = command.options.find((option) => option.attributeName() === missing);
    throw new CommandError(
      "a flag is missing",
      askedBy ? `${flagName(askedBy)} without ${flagName(missing)}` : flagName(missing),
      `add ${option?.flags}`,
    );
  }
  const result = options.safeParse(given);
  if (result.success) return result.data;
  const [{ path, message }] = result.error.issues;
  const key = String(path[0]);
  throw new CommandError(
    "the value of a flag does not fit",
    `${flagName(key)} ${JSON.stringify(given[key])}`,
    message,
  );
}

async function readValue(given: unknown, schema: z.core.$ZodType): Promise<unknown> {
  const { isFile, isInput, isList } = readingOf(schema);
  if (isFile && Array.isArray(given) && !isList) {
    throw new CommandError("one file is wanted", given.join(" "), "give one of them");
  }
  const value = readGiven(given, schema);
  if (isFile) return isList ? (value as string[]).map(readInput) : readInput(String(value));
  if (!isInput || !Array.isArray(value) || !value.includes("-")) return value;
  const text = await readStandardInput();
  return value.map((item) => (item === "-" ? text : item));
}
