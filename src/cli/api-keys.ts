/** The keys of a server: from a file, or one from the environment. */
import { readFileSync } from "node:fs";
import { ServingError } from "../serving/errors.js";
import type { ApiKey } from "../serving/http/keyring.js";

/** The variable that holds a key where no file does. */
export const keyVariable = "AUTODIDACT_API_KEY";

const limits = { "requests-per-minute": "requestsPerMinute", concurrent: "maxConcurrent" } as const;

/**
 * A key a line, behind it the limits that it has, such as `secret requests-per-minute=60 concurrent=2`; lines that begin
 * with # are remarks. Undefined where there is neither file nor variable. Throws `ServingError` for a file that cannot
 * be read or has a line that is wrong.
 */
export function readKeys(file: string | undefined): ApiKey[] | undefined {
  const source = file ?? `the variable ${keyVariable}`;
  if (file === undefined) {
    const key = process.env[keyVariable];
    return key === undefined ? undefined : [{ key: usable(key, source) }];
  }
  const lines = textOf(file).split(/\r?\n/);
  const keys = lines.flatMap((line, i) => {
    const [key, ...words] = line.trim().split(/\s+/);
    if (key === "" || key.startsWith("#")) return [];
    const place = `${file}, line ${i + 1}`;
    return [{ key: usable(key, place), ...Object.fromEntries(words.map((word) => limitOf(word, place))) }];
  });
  if (keys.length === 0) throw unusable(source);
  const twice = keys.findIndex(({ key }, i) => keys.findIndex((other) => other.key === key) !== i);
  if (twice < 0) return keys;
  throw new ServingError("an API key is listed twice", `${file}, key ${twice + 1}`, "list each key once");
}

function limitOf(word: string, place: string): [string, number] {
  const [, name, count] = /^([a-z-]+)=([1-9]\d{0,8})$/.exec(word) ?? [];
  if (Object.hasOwn(limits, name ?? "")) return [limits[name as keyof typeof limits], Number(count)];
  throw new ServingError(
    "a limit of an API key is wrong",
    `${place}: ${word.slice(0, 40)}`,
    `give ${Object.keys(limits).join("=60 or ")}=2, a whole number above 0, or leave it out`,
  );
}

/** A key with other characters could not be sent in a header. */
function usable(key: string, source: string): string {
  if (/^[!-~]+$/.test(key)) return key;
  throw unusable(source);
}

function unusable(source: string): ServingError {
  return new ServingError(
    "the API key is empty or has characters that no header can carry",
    source,
    "use letters, digits and signs without spaces, for example from: openssl rand -hex 32",
  );
}

function textOf(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (cause) {
    throw new ServingError(
      "the file with the API key cannot be read",
      (cause as Error).message,
      "give --api-key-file the path of a text file that holds a key a line",
      { cause },
    );
  }
}
