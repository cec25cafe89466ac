import { readdir, stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { fileChunks } from "../../files/bytes.js";
import { DataError, MissingFileError } from "../../files/errors.js";
import { filesIn } from "../../files/listing.js";
import { cifarArchive, cifarFolder, cifarFolderIn } from "./cifar.js";
import type { PictureCollection, PixelCollection } from "./collection.js";
import { idxFile, idxFolder, idxImages } from "./idx.js";
import { holdsPictures, parquetPictures } from "./image-parquet.js";
import { fetchPublished, KNOWN_SETS, type OnReceived } from "./known-set.js";
import { leftOutOf } from "./left-out.js";
import { folderOfPictures, isPicture, zipOfPictures } from "./picture-files.js";

const ACCEPTED =
  "a folder or zip of pictures, CIFAR-10's or CIFAR-100's binary archive or its folder, IDX files, a .parquet file, " +
  `or a known name: ${Object.keys(KNOWN_SETS).join(", ")}`;
const TAR_MAGIC_AT = 257;

export interface Finding {
  /** Hears of the download of a set asked for by name. */
  readonly onReceived?: OnReceived;
  readonly signal?: AbortSignal;
}

/**
 * The images at a path, by its contents; or of a set known by name, where no file or folder is called so.
 * @throws MissingFileError for no such path; DataError for one that cannot be read or is of no known format.
 */
export async function findCollection(
  path: string,
  { onReceived, signal }: Finding = {},
): Promise<PictureCollection | PixelCollection> {
  const kind = await kindOf(path);
  const known = Object.hasOwn(KNOWN_SETS, path) ? KNOWN_SETS[path] : undefined;
  if (kind === "missing" && known) {
    return inFile(await fetchPublished(known, { onReceived, signal }));
  }
  if (kind === "missing") {
    throw new MissingFileError(
      "there is no such file or folder of images",
      `${JSON.stringify(path)} from ${process.cwd()}`,
      `check the spelling and the folder you start from; give ${ACCEPTED}`,
    );
  }
  return kind === "folder" ? inFolder(path, signal) : inFile(path, signal);
}

async function kindOf(path: string): Promise<"missing" | "folder" | "file"> {
  try {
    return (await stat(path)).isDirectory() ? "folder" : "file";
  } catch (error) {
    if (["ENOENT", "ENOTDIR"].includes((error as NodeJS.ErrnoException).code ?? "")) return "missing";
    throw unreadable(path, error as Error);
  }
}

async function inFolder(
  folder: string,
  signal: AbortSignal | undefined,
): Promise<PictureCollection | PixelCollection> {
  const failed = (error: Error) => {
    throw unreadable(folder, error);
  };
  const names = await readdir(folder).catch(failed);
  const cifar = cifarFolderIn(folder, names);
  if (cifar !== undefined) return cifarFolder(cifar);
  if (idxImages(names).train) return idxFolder(folder);
  const files = await filesIn(folder).catch(failed);
  const tables = await tablesAmong(folder, files);
  if (tables.length === 0) return (await plainIn(folder, files)) ?? folderOfPictures(folder, files);
  const others = files.filter((name) => !/\.parquet$/i.test(name)).sort();
  const found = await parquetPictures(folder, tables, signal);
  return { ...found, leftOut: [...found.leftOut, ...leftOutOf("file", "beside the tables", others)] };
}

/** The tables of a folder, where they hold pictures or there are none beside them. */
async function tablesAmong(folder: string, files: readonly string[]): Promise<string[]> {
  const tables = files.filter((name) => /\.parquet$/i.test(name)).sort();
  if (tables.length === 0 || !files.some(isPicture)) return tables;
  const first = tables.find((name) => !name.includes("/")) ?? tables[0];
  return (await holdsPictures(join(folder, first))) ? tables : [];
}

/** CIFAR or IDX files in a sub-folder, where there are no pictures. */
async function plainIn(folder: string, files: readonly string[]): Promise<PixelCollection | undefined> {
  if (files.some(isPicture)) return undefined;
  for (const place of [...new Set(files.map((name) => dirname(name)))].sort()) {
    const names = files.filter((name) => dirname(name) === place).map((name) => basename(name));
    const cifar = cifarFolderIn(join(folder, place), names);
    if (cifar !== undefined) return cifarFolder(cifar);
    if (idxImages(names).train) return idxFolder(join(folder, place));
  }
  return undefined;
}

async function inFile(path: string, signal?: AbortSignal): Promise<PictureCollection | PixelCollection> {
  const start = await startOf(path, false);
  if (start.startsWith("PK\x03\x04") || start.startsWith("PK\x05\x06")) return zipOfPictures(path);
  if (start.startsWith("PAR1")) return parquetPictures(dirname(path), [basename(path)], signal);
  const isGzip = start.startsWith("\x1f\x8b");
  const inner = isGzip ? await startOf(path, true) : start;
  if (inner.startsWith("ustar", TAR_MAGIC_AT)) return cifarArchive(path, isGzip);
  if (/idx\d-ubyte/.test(basename(path)) || inner.startsWith("\0\0\x08")) return idxFile(path);
  throw new DataError(
    "a file is no set of images",
    `${path} begins with ${JSON.stringify(inner.slice(0, 12))}`,
    `give ${ACCEPTED}`,
  );
}

/** The first bytes, each a character. */
async function startOf(path: string, isGzip: boolean): Promise<string> {
  for await (const chunk of fileChunks(path, isGzip)) return chunk.toString("latin1", 0, 512);
  return "";
}

function unreadable(path: string, cause: Error): DataError {
  return new DataError("the images cannot be read", `${path}: ${cause.message}`, "check its permissions", {
    cause,
  });
}
