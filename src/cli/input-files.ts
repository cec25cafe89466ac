/** Files that are given to a model, read. */
import { readdirSync, readFileSync, statSync } from "node:fs";
import { extname, join } from "node:path";
import { text } from "node:stream/consumers";
import type { InputFile, Use } from "../modalities/modality.js";
import { CommandError } from "./errors.js";

/** Throws `CommandError` for a file that cannot be read. */
export function readInput(path: string): InputFile {
  try {
    return { name: path, bytes: new Uint8Array(readFileSync(path)) };
  } catch (cause) {
    throw new CommandError("a file cannot be read", (cause as Error).message, "check its path", { cause });
  }
}

/** Of a folder all files in it that end as the use says; the others are counted on standard error. */
export function readInputs(
  paths: readonly string[],
  { name, endings }: NonNullable<Use["inputs"]>,
): InputFile[] {
  return paths.flatMap((path) => {
    if (!statSync(path, { throwIfNoEntry: false })?.isDirectory()) return readInput(path);
    const inside = readdirSync(path, { recursive: true, encoding: "utf8" }).sort();
    const files = inside.map((file) => join(path, file)).filter((file) => statSync(file).isFile());
    const fit = files.filter((file) => endings.includes(extname(file).toLowerCase()));
    const others = files.filter((file) => !fit.includes(file));
    if (fit.length === 0) {
      throw new CommandError(
        `a folder holds no ${name}`,
        `${path} has ${others.length} files, none of which ends in ${endings.join(", ")}`,
        "give another folder, or files",
      );
    }
    if (others.length > 0) {
      process.stderr.write(`left out: ${others.length} files of other kinds, such as ${others[0]}\n`);
    }
    return fit.map(readInput);
  });
}

/** All of standard input, without the line break that ends it. */
export async function readStandardInput(): Promise<string> {
  return (await text(process.stdin)).replace(/\r?\n$/, "");
}
