import { stat } from "node:fs/promises";
import { extname, join } from "node:path";
import { type GlobOptions, glob, isDynamicPattern } from "tinyglobby";
import { DataError, MissingFileError } from "../../files/errors.js";
import type { Reading } from "../reading.js";

/** How the text lies in a file: as the whole of it, or in the rows of a table. */
export type SourceFormat = "text" | "jsonl" | "parquet";

/** A file of a corpus, and what tells that it has changed since. */
export interface SourceFile {
  readonly path: string;
  readonly format: SourceFormat;
  readonly isGzip: boolean;
  readonly bytes: number;
  readonly modifiedMs: number;
}

const FORMATS: Record<string, SourceFormat> = {
  ".txt": "text",
  ".md": "text",
  ".jsonl": "jsonl",
  ".parquet": "parquet",
};
const SUPPORTED = `${Object.keys(FORMATS).join(", ")}, each also with .gz`;

/**
 * The files that names, folders (searched through, hidden ones apart) and globs stand for, each once, in the
 * order of their paths by code unit. Other kinds of files are passed over in a folder and refused elsewhere, by the
 * reading, which counts them.
 * @throws MissingFileError when a name or glob matches nothing; DataError for a kind that cannot be read, where no
 * reading is given.
 */
export async function findFiles(patterns: string | string[], reading?: Reading): Promise<SourceFile[]> {
  const list = typeof patterns === "string" ? [patterns] : patterns;
  if (list.length === 0)
    throw new MissingFileError("no files are named", "an empty list", "name files to read");
  const paths = new Set<string>();
  const missing: string[] = [];
  for (const pattern of list) {
    const found = await matches(pattern, reading);
    if (found.length === 0) missing.push(pattern);
    for (const path of found) paths.add(path);
  }
  if (missing.length > 0) throw nothingMatches(missing);
  const readable = [...paths].sort().filter((path) => isReadable(path, reading));
  return Promise.all(readable.map(describeFile));
}

async function matches(pattern: string, reading?: Reading): Promise<string[]> {
  const stats = await stat(pattern).catch(() => undefined);
  if (stats?.isFile()) return [join(pattern)];
  if (stats?.isDirectory()) return inFolder(pattern, reading);
  const found = isDynamicPattern(pattern)
    ? await searched(pattern, { expandDirectories: false }, reading)
    : [];
  return found.map((path) => join(path));
}

async function searched(pattern: string, options: GlobOptions, reading?: Reading): Promise<string[]> {
  try {
    return await glob(pattern, { ...options, signal: reading?.signal });
  } finally {
    reading?.check();
  }
}

const MOST_NAMED = 5;

function nothingMatches(patterns: readonly string[]): MissingFileError {
  const named = patterns.slice(0, MOST_NAMED).map((pattern) => JSON.stringify(pattern));
  const more = patterns.length > MOST_NAMED ? ` and ${patterns.length - MOST_NAMED} more` : "";
  return new MissingFileError(
    "no file matches",
    `${named.join(", ")}${more} from ${process.cwd()}`,
    "check the spelling and the folder you start from; quote globs in a shell",
  );
}

async function inFolder(folder: string, reading?: Reading): Promise<string[]> {
  const found = (await searched("**/*", { cwd: folder }, reading)).sort();
  const readable = found.filter((path) => formatOf(path) !== undefined);
  if (readable.length === 0) throw nothingIn(folder, found);
  for (const path of found) {
    if (formatOf(path) === undefined) reading?.passOver("the file is of another kind", join(folder, path));
  }
  return readable.map((path) => join(folder, path));
}

function nothingIn(folder: string, found: readonly string[]): MissingFileError {
  const kinds = [...new Set(found.map((path) => extname(path) || "no extension"))].sort().join(", ");
  return new MissingFileError(
    "the folder holds no file that can be read",
    `${folder} holds ${kinds || "nothing"}; looked for ${SUPPORTED}, also in its folders`,
    "put in files of these kinds, or give another folder",
  );
}

function formatOf(path: string): SourceFormat | undefined {
  return FORMATS[extname(path.replace(/\.gz$/i, "")).toLowerCase()];
}

function isReadable(path: string, reading?: Reading): boolean {
  if (formatOf(path) !== undefined) return true;
  const advice = `give files of these kinds: ${SUPPORTED}; or narrow the glob`;
  const error = new DataError("files of this kind cannot be read", path, advice);
  if (!reading) throw error;
  reading.refuse(error);
  return false;
}

async function describeFile(path: string): Promise<SourceFile> {
  const { size, mtimeMs } = await stat(path);
  const format = formatOf(path)!;
  return { path, format, isGzip: /\.gz$/i.test(path), bytes: size, modifiedMs: mtimeMs };
}
