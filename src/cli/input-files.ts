/** Files that are given to a model. */
import { accessSync, constants, existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { extname, join } from "node:path";
import { text } from "node:stream/consumers";
import type { InputFile, Use } from "../modalities/modality.js";
import { CommandError } from "./errors.js";

/** Throws `CommandError` for a file that cannot be read. */
export function readInput(path: string): InputFile {
  const { buffer, byteOffset, byteLength } = readable(() => readFileSync(path));
  return { name: path, bytes: new Uint8Array(buffer, byteOffset, byteLength) };
}

/** A file that is there, and read each time that its bytes are asked for, since a folder may hold more than fits in memory. */
function laterInput(path: string): InputFile {
  readable(() => accessSync(path, constants.R_OK));
  return {
    name: path,
    get bytes() {
      return readInput(path).bytes;
    },
  };
}

const textInput = (text: string): InputFile => ({ name: "", bytes: new TextEncoder().encode(text) });

function readable<T>(read: () => T): T {
  try {
    return read();
  } catch (cause) {
    throw new CommandError("a file cannot be read", (cause as Error).message, "check its path", { cause });
  }
}

/**
 * Of a folder all files in it that end as the use says; the others are counted on standard error. Each is read when it is
 * its turn. Throws `CommandError` for one that is not there, and for a folder without any.
 */
export function readInputs(
  paths: readonly string[],
  { name, endings, orTexts = false }: NonNullable<Use["inputs"]>,
): InputFile[] {
  return paths.flatMap((path) => {
    const isText = orTexts && !endings.includes(extname(path).toLowerCase()) && !existsSync(path);
    if (isText) return textInput(path);
    const place = statSync(path, { throwIfNoEntry: false });
    if (!place?.isDirectory()) return laterInput(path);
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
    return fit.map(laterInput);
  });
}

/** All of standard input, without the line break that ends it. */
export async function readStandardInput(): Promise<string> {
  return (await text(process.stdin)).replace(/\r?\n$/, "");
}
