import { readFile } from "node:fs/promises";
import { extname, join } from "node:path";
import { glob } from "tinyglobby";
import yauzl, { type Entry, type ZipFile } from "yauzl";
import { crc32 } from "../crc32.js";
import { DataError } from "../errors.js";
import type { Picture, PictureCollection, Split } from "./collection.js";
import { ImageError } from "./decode.js";
import { inOrder } from "./in-order.js";
import { layoutOf, type PlacedName } from "./layout.js";

const READ_AHEAD = 16;
const MAX_FILE_BYTES = 2 ** 30;

/**
 * The pictures of a folder and its sub-folders, in the order of their paths by code unit; see `layoutOf` for
 * their classes and splits. Hidden files and other kinds are passed over.
 * @throws DataError when there are none.
 */
export async function folderOfPictures(folder: string): Promise<PictureCollection> {
  const layout = layoutOf(pictureNames(folder, await glob("**/*", { cwd: folder })));
  const pictures = async function* (split: Split) {
    for (const { name, label } of layout.splits[split]) {
      const source = join(folder, name);
      yield { source, label, bytes: () => readFile(source).catch((error) => unreadable(source, error)) };
    }
  };
  return { kind: "pictures", classes: layout.classes, hasTest: layout.splits.test.length > 0, pictures };
}

/**
 * The pictures of a zip, ordered and classified as those of a folder, read without unpacking to disk.
 * @throws DataError for a damaged archive, names that lead outside, and when there are no pictures.
 */
export async function zipOfPictures(path: string): Promise<PictureCollection> {
  const names = await withZip(path, async (zip) => [...(await entriesOf(zip)).keys()]);
  const layout = layoutOf(pictureNames(path, names));
  const pictures = (split: Split) => zippedPictures(path, layout.splits[split]);
  return { kind: "pictures", classes: layout.classes, hasTest: layout.splits.test.length > 0, pictures };
}

function pictureNames(location: string, names: readonly string[]): string[] {
  const visible = names.filter((name) => !/(^|\/)(\.|__MACOSX\/)|\/$/.test(name));
  const pictures = visible.filter((name) => /\.(png|jpe?g|webp)$/i.test(name));
  if (pictures.length > 0) return pictures.sort();
  const kinds = [...new Set(visible.map((name) => extname(name) || "no extension"))].sort().join(", ");
  throw new DataError(
    "There are no pictures",
    `${location} holds ${kinds || "nothing"}`,
    "put in .png, .jpg, .jpeg or .webp files, a folder for each class or all together",
  );
}

async function* zippedPictures(path: string, placed: readonly PlacedName[]): AsyncGenerator<Picture> {
  const zip = await openZip(path);
  try {
    const entries = await readable(path, () => entriesOf(zip));
    yield* inOrder(placed, READ_AHEAD, async ({ name, label }) => {
      const source = `${path}/${name}`;
      const reading = readEntry(zip, entries.get(name), source);
      await reading.catch(() => {}); // thrown again by whoever asks for the bytes
      return { source, label, bytes: () => reading };
    });
  } finally {
    zip.close();
  }
}

function openZip(path: string): Promise<ZipFile> {
  return readable(path, () => yauzl.openPromise(path, { autoClose: false }));
}

async function withZip<T>(path: string, use: (zip: ZipFile) => Promise<T>): Promise<T> {
  const zip = await openZip(path);
  try {
    return await readable(path, () => use(zip));
  } finally {
    zip.close();
  }
}

async function entriesOf(zip: ZipFile): Promise<Map<string, Entry>> {
  const entries = new Map<string, Entry>();
  for await (const entry of zip.eachEntry()) entries.set(entry.fileName, entry);
  return entries;
}

async function readEntry(zip: ZipFile, entry: Entry | undefined, source: string): Promise<Uint8Array> {
  try {
    if (entry === undefined) throw new Error("it is no longer in the archive");
    if (entry.uncompressedSize > MAX_FILE_BYTES) throw new Error(`${entry.uncompressedSize} bytes`);
    const chunks: Buffer[] = [];
    for await (const chunk of await zip.openReadStreamPromise(entry)) chunks.push(chunk as Buffer);
    const bytes = chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks);
    if (crc32(bytes) !== entry.crc32 >>> 0) throw new Error("its checksum is wrong");
    return bytes;
  } catch (error) {
    return unreadable(source, error as Error);
  }
}

function unreadable(source: string, cause: Error): never {
  throw new ImageError(
    "A picture cannot be read",
    `${source}: ${cause.message}`,
    'fetch it again, remove it, or pass over such pictures with onCorrupt: "skip"',
    { cause },
  );
}

async function readable<T>(path: string, read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    const cause = error as Error;
    const leadsOutside = /relative path|absolute path|invalid characters/.test(cause.message);
    throw new DataError(
      leadsOutside ? "An archive names a file outside of itself" : "The zip archive cannot be read",
      `${path}: ${cause.message}`,
      leadsOutside
        ? "do not trust it: fetch it from its publisher"
        : "check it with unzip -t, and fetch it again",
      { cause },
    );
  }
}
