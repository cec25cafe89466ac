import { stat } from "node:fs/promises";
import { extname, join } from "node:path";
import { type GlobOptions, glob, isDynamicPattern } from "tinyglobby";
import { DataError, MissingFileError } from "../../files/errors.js";
import type { Reading } from "../reading.js";

/** How the text lies in a file: as the whole of it, or in the rows of a table. */
export type SourceFormat = "text" | "jsonl" | "parquet";

/** A file of a corpus, and what tells that it has changed since. */
export interface SourceFile<F extends string = SourceFormat> {
  readonly path: string;
  readonly format: F;
  readonly isGzip: boolean;
  readonly bytes: number;
  readonly modifiedMs: number;
}

/** The formats that are looked for. */
export interface FileKinds<F extends string> {
  /** A file's by its name; undefined where it is of another kind. */
  formatOf(path: string): F | undefined;
  /** In words, for messages. */
  readonly supported: string;
}

/** Formats by the ends of names, such as ".txt", each also with .gz behind it. */
export function kindsByEnding<F extends string>(formats: Readonly<Record<string, F>>): FileKinds<F> {
  return {
    formatOf: (path) => formats[extname(path.replace(/\.gz$/i, "")).toLowerCase()],
    supported: `${Object.keys(formats).join(", ")}, each also with .gz`,
  };
}

const TEXTS = kindsByEnding<SourceFormat>({
  ".txt": "text",
  ".md": "text",
  ".jsonl": "jsonl",
  ".parquet": "parquet",
});

/**
 * The files that names, folders (searched through, hidden ones apart) and globs stand for, each once, in the
 * order of their paths by code unit. Other kinds of files are passed over in a folder and refused elsewhere, by the
 * reading, which counts them.
 * @throws MissingFileError when a name or glob matches nothing; DataError for a kind that cannot be read, where no
 * reading is given.
 */
export function findFiles(patterns: string | string[], reading?: Reading): Promise<SourceFile[]> {
  return findFilesOf(TEXTS, patterns, reading);
}

/** `findFiles` for other formats. */
export async function findFilesOf<F extends string>(
  kinds: FileKinds<F>,
  patterns: string | readonly string[],
  reading?: Reading,
): Promise<SourceFile<F>[]> {
  const list = typeof patterns === "string" ? [patterns] : patterns;
  if (list.length === 0)
    throw new MissingFileError("no files are named", "an empty list", "name files to read");
  const paths = new Set<string>();
  const missing: string[] = [];
  for (const pattern of list) {
    const found = await matches(kinds, pattern, reading);
    if (found.length === 0) missing.push(pattern);
    for (const path of found) paths.add(path);
  }
  if (missing.length > 0) throw nothingMatches(missing);
  const files = [...paths].sort().map((path) => ({ path, format: readableFormat(kinds, path, reading) }));
  return Promise.all(files.flatMap(({ path, format }) => (format ? [describeFile(path, format)] : [])));
}

async function matches(kinds: FileKinds<string>, pattern: string, reading?: Reading): Promise<string[]> {
  const stats = await stat(pattern).catch(() => undefined);
  if (stats?.isFile()) return [join(pattern)];
  if (stats?.isDirectory()) return inFolder(kinds, pattern, reading);
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

async function inFolder(
  { formatOf, supported }: FileKinds<string>,
  folder: string,
  reading?: Reading,
): Promise<string[]> {
  const found = (await searched("**/*", { cwd: folder }, reading)).sort();
  const readable = found.filter((path) => formatOf(path) !== undefined);
  if (readable.length === 0) throw nothingIn(folder, found, supported);
  for (const path of found) {
    if (formatOf(path) === undefined) reading?.passOver("the file is of another kind", join(folder, path));
  }
  return readable.map((path) => join(folder, path));
}

function nothingIn(folder: string, found: readonly string[], supported: string): MissingFileError {
  const kinds = [...new Set(found.map((path) => extname(path) || "no extension"))].sort().join(", ");
  return new MissingFileError(
    "the folder holds no file that can be read",
    `${folder} holds ${kinds || "nothing"}; looked for ${supported}, also in its folders`,
    "put in files of these kinds, or give another folder",
  );
}

function readableFormat<F extends string>(
  { formatOf, supported }: FileKinds<F>,
  path: string,
  reading?: Reading,
): F | undefined {
  const format = formatOf(path);
  if (format !== undefined) return format;
  const advice = `give files of these kinds: ${supported}; or narrow the glob`;
  const error = new DataError("files of this kind cannot be read", path, advice);
  if (!reading) throw error;
  reading.refuse(error);
}

async function describeFile<F extends string>(path: string, format: F): Promise<SourceFile<F>> {
  const { size, mtimeMs } = await stat(path);
  return { path, format, isGzip: /\.gz$/i.test(path), bytes: size, modifiedMs: mtimeMs };
}
