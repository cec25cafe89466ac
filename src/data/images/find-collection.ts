import { readdir, stat } from "node:fs/promises";
import { basename, join } from "node:path";
import { fileChunks } from "../../files/bytes.js";
import { DataError, MissingFileError } from "../../files/errors.js";
import { areBatches, cifar10Archive, cifar10Folder } from "./cifar10.js";
import type { PictureCollection, PixelCollection } from "./collection.js";
import { idxFile, idxFolder, idxImages } from "./idx.js";
import { parquetPictures } from "./image-parquet.js";
import { fetchPublished, KNOWN_SETS, type OnReceived } from "./known-set.js";
import { folderOfPictures, zipOfPictures } from "./picture-files.js";

const ACCEPTED =
  "a folder or zip of .png, .jpg or .webp, cifar-10-binary.tar.gz or its folder, IDX files, a .parquet file, " +
  `or a known name: ${Object.keys(KNOWN_SETS).join(", ")}`;
const TAR_MAGIC_AT = 257;

/**
 * The images at a path, by its contents; or of a set known by name, where no file or folder is called so.
 * @throws MissingFileError for no such path; DataError for one that cannot be read or is of no known format.
 */
export async function findCollection(
  path: string,
  onReceived?: OnReceived,
): Promise<PictureCollection | PixelCollection> {
  const kind = await kindOf(path);
  const known = Object.hasOwn(KNOWN_SETS, path) ? KNOWN_SETS[path] : undefined;
  if (kind === "missing" && known) return inFile(await fetchPublished(known, undefined, onReceived));
  if (kind === "missing") {
    throw new MissingFileError(
      "there is no such file or folder of images",
      `${JSON.stringify(path)} from ${process.cwd()}`,
      `check the spelling and the folder you start from; give ${ACCEPTED}`,
    );
  }
  return kind === "folder" ? inFolder(path) : inFile(path);
}

async function kindOf(path: string): Promise<"missing" | "folder" | "file"> {
  try {
    return (await stat(path)).isDirectory() ? "folder" : "file";
  } catch (error) {
    if (["ENOENT", "ENOTDIR"].includes((error as NodeJS.ErrnoException).code ?? "")) return "missing";
    throw unreadable(path, error as Error);
  }
}

async function inFolder(folder: string): Promise<PictureCollection | PixelCollection> {
  const names = await readdir(folder).catch((error) => {
    throw unreadable(folder, error);
  });
  if (areBatches(names)) return cifar10Folder(folder);
  const extracted = "cifar-10-batches-bin";
  if (names.includes(extracted)) return cifar10Folder(join(folder, extracted));
  if (idxImages(names).train) return idxFolder(folder);
  const tables = tablesIn(folder, names);
  if (tables.length > 0) return parquetPictures(tables);
  const data = join(folder, "data"); // where data sets on the Hugging Face Hub have them
  const nested = tablesIn(data, names.includes("data") ? await readdir(data).catch(() => []) : []);
  if (nested.length > 0) return parquetPictures(nested);
  return folderOfPictures(folder);
}

function tablesIn(folder: string, names: readonly string[]): string[] {
  return names.filter((name) => /\.parquet$/i.test(name)).map((name) => join(folder, name));
}

async function inFile(path: string): Promise<PictureCollection | PixelCollection> {
  const start = await startOf(path, false);
  if (start.startsWith("PK\x03\x04") || start.startsWith("PK\x05\x06")) return zipOfPictures(path);
  if (start.startsWith("PAR1")) return parquetPictures([path]);
  const isGzip = start.startsWith("\x1f\x8b");
  const inner = isGzip ? await startOf(path, true) : start;
  if (inner.startsWith("ustar", TAR_MAGIC_AT)) return cifar10Archive(path, isGzip);
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
