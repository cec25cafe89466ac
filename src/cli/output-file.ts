/** Where what a model makes is written to. */
import { mkdir, open, stat, writeFile } from "node:fs/promises";
import { basename, dirname, extname, join, resolve } from "node:path";
import { AutodidactError } from "../core/errors.js";
import { openFolder } from "../files/disk.js";
import type { Output, Use } from "../modalities/modality.js";
import { CommandError } from "./errors.js";

/** A place that was looked at before anything is made. */
export interface OutputPlace {
  readonly path: string;
  /** Of the file; of each file where the place is a folder. */
  readonly ending: string;
  /** A folder, for one file a thing. */
  readonly each: boolean;
}

/**
 * `--out`, for a use that makes files of some endings. Throws `CommandError` for another kind of file, a folder where
 * one file is made, or a folder that is not there.
 */
export async function checkOutput(
  out: string | undefined,
  { endings, each = false }: NonNullable<Use["makes"]>,
): Promise<OutputPlace> {
  const path = out === undefined ? undefined : resolve(out);
  const place = path === undefined ? undefined : await stat(path).catch(() => undefined);
  const isFolder = /[\\/]$/.test(out ?? "") || place?.isDirectory();
  if (path && each && isFolder) return { path, ending: endings[0], each };
  if (!path || !out || isFolder || !endings.includes(extname(out))) {
    throw new CommandError(
      "there is no file to write to",
      `--out ${out ?? "is missing"}${isFolder ? ", a folder" : ""}`,
      `give a file that ends in ${endings.join(" or ")}${each ? ", or a folder for one file each" : ""}`,
    );
  }
  const folder = await stat(dirname(path)).catch(() => undefined);
  if (folder?.isDirectory()) return { path, ending: extname(path), each: false };
  throw new CommandError(
    "the output cannot be written",
    `there is no folder ${dirname(path)}`,
    "give another --out, or make the folder",
  );
}

/** Throws `CommandError` where the system does not let it be written. */
export async function writeOutput(
  { path, each }: OutputPlace,
  { name, bytes, beside, at }: Extract<Output, { kind: "file" }>,
): Promise<void> {
  try {
    if (beside !== undefined) await openFolder(dirname(path)).write(`${basename(path)}${beside}`, bytes);
    else if (at !== undefined) await continueFile(path, at, bytes);
    else if (each) await writeInside(join(path, name), bytes);
    else await writeFile(path, bytes);
  } catch (cause) {
    if (cause instanceof AutodidactError) throw cause;
    throw new CommandError("the output cannot be written", (cause as Error).message, "give another --out", {
      cause,
    });
  }
}

async function writeInside(path: string, bytes: Uint8Array): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, bytes);
}

/** On the disk when it returns, so that what is written beside the file may tell of it. */
async function continueFile(path: string, at: number, bytes: Uint8Array): Promise<void> {
  const file = await open(path, "a");
  try {
    await file.truncate(at);
    await file.appendFile(bytes);
    await file.sync();
  } finally {
    await file.close();
  }
}
