import { readFile, stat } from "node:fs/promises";
import { posix, resolve } from "node:path";
import { gunzipSync } from "node:zlib";
import { DataError } from "../../files/errors.js";
import { filesIn, visible, withoutLoops } from "../../files/listing.js";
import { decodedPieces } from "../../files/utf8.js";
import { readingZip, type ZipEntry, zipEntries } from "../images/zip.js";

/** A folder or a zip, by the names of the files in it. */
export interface Place {
  readonly location: string;
  /** With forward slashes, by code unit. */
  readonly names: readonly string[];
  /** Whether there is such a file: also one outside of a folder, by `../` or an absolute path. */
  has(name: string): Promise<boolean>;
  /** Throws the system's error, or what is wrong with the archive. */
  read(name: string): Promise<Uint8Array>;
}

const SOUND = /\.(wave?|flac|mp3|og[ga]|opus)$/i;
const EXTENSIONS = ["", ".wav", ".flac", ".mp3", ".ogg", ".opus"];

/** Whether a file is called as a recording that can be read. */
export function isSound(name: string): boolean {
  return SOUND.test(name);
}

/** The extensions of files, for messages. */
export function kindsOf(names: readonly string[]): string {
  const kinds = names.map((name) => posix.extname(name).toLowerCase() || "no extension");
  return [...new Set(kinds)].sort().join(", ");
}

/** A path without folders and extension. */
export function stemOf(name: string): string {
  return posix.basename(name, posix.extname(name));
}

/** A folder with all files below it, or with some of them. Throws the system's error for one that cannot be read. */
export async function folderPlace(folder: string, some?: readonly string[]): Promise<Place> {
  const names = some ?? (await withoutLoops(folder, await filesIn(folder)));
  const known = new Set(names);
  const isFile = async (name: string) =>
    (await stat(resolve(folder, name)).catch(() => undefined))?.isFile() === true;
  return {
    location: folder,
    names: [...names].sort(),
    has: async (name) => known.has(name) || isFile(name),
    read: (name) => readFile(resolve(folder, name)),
  };
}

/** Throws `DataError` for an archive that is damaged or names files outside of itself. */
export async function zipPlace(path: string): Promise<Place> {
  const entries = await zipEntries(path);
  return {
    location: path,
    names: visible([...entries.keys()]).sort(),
    has: async (name) => entries.has(name),
    read: (name) => readEntry(path, entries.get(name)),
  };
}

async function readEntry(path: string, entry: ZipEntry | undefined): Promise<Uint8Array> {
  if (!entry) throw new Error("there is no such file in the archive");
  const reading = readingZip(path, async function* (read) {
    yield await read(entry);
  });
  for await (const bytes of reading) return bytes;
  throw new Error("the archive gave nothing");
}

/** Where the sound is that a list names: beside the list or in the place, with its extension or without. */
export async function findSound(place: Place, list: string, path: string): Promise<string | undefined> {
  const folders = posix.isAbsolute(path) ? [""] : [posix.dirname(list), "."];
  for (const folder of folders) {
    for (const extension of EXTENSIONS) {
      const name = folder === "" ? path + extension : posix.join(folder, path + extension);
      for (const form of new Set([name, name.normalize("NFC"), name.normalize("NFD")])) {
        if (await place.has(form)) return form;
      }
    }
  }
  return undefined;
}

/**
 * The lines of a text file without their ends; a `.gz` is unpacked.
 * @throws DataError for a file that cannot be read or is not UTF-8.
 */
export async function linesOf(place: Place, name: string): Promise<string[]> {
  return (await textOf(place, name)).split(/\r?\n/);
}

/** The text of a file without a byte order mark; see `linesOf`. */
export async function textOf(place: Place, name: string): Promise<string> {
  const path = `${place.location}/${name}`;
  const bytes = await bytesOf(place, name).catch((cause: Error) => {
    throw new DataError(
      "a file on the recordings cannot be read",
      `${path}: ${cause.message}`,
      "fetch it again",
      {
        cause,
      },
    );
  });
  const chunks = async function* () {
    yield Buffer.from(bytes);
  };
  let text = "";
  for await (const piece of decodedPieces(path, chunks())) text += piece;
  return text;
}

async function bytesOf(place: Place, name: string): Promise<Uint8Array> {
  const bytes = await place.read(name);
  return /\.gz$/i.test(name) ? gunzipSync(bytes) : bytes;
}
