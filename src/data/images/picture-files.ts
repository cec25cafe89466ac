import { readFile } from "node:fs/promises";
import { extname, join } from "node:path";
import { DataError } from "../../files/errors.js";
import { visible, withoutLoops } from "../../files/listing.js";
import type { PictureCollection, Split, SplitCounts } from "./collection.js";
import { ImageError, orSkip } from "./decode.js";
import { inOrder } from "./in-order.js";
import { type Layout, layoutOf } from "./layout.js";
import { leftOutOf } from "./left-out.js";
import { isMetadata, labelsInMetadata } from "./metadata-files.js";
import { readingZip, zipEntries } from "./zip.js";

const READ_AHEAD = 16;

/**
 * The pictures among a folder's `filesIn` it, in the order of their paths by code unit; see `layoutOf` for
 * their classes and splits, and `labelsInMetadata` for files that name classes. Hidden files are passed over, other kinds
 * counted. Links are followed, but of the paths to one real folder only the shortest are read: a loop adds nothing.
 * @throws DataError when there are none.
 */
export async function folderOfPictures(folder: string, names: readonly string[]): Promise<PictureCollection> {
  const files = await withoutLoops(folder, names);
  const read = (name: string) => readFile(join(folder, name));
  const { splits, ...layout } = await placed(folder, files, read);
  const pictures = async function* (split: Split) {
    for (const { name, label } of splits[split] ?? []) {
      const source = join(folder, name);
      yield { source, label, bytes: () => readFile(source).catch((error) => unreadable(source, error)) };
    }
  };
  return { kind: "pictures", ...layout, counts: countsOf(splits), pictures };
}

/**
 * The pictures of a zip, ordered and classified as those of a folder, read without unpacking to disk.
 * @throws DataError for a damaged archive, names that lead outside, and when there are no pictures.
 */
export async function zipOfPictures(path: string): Promise<PictureCollection> {
  const entries = await zipEntries(path);
  const readOne = async (name: string) => {
    const reading = readingZip(path, async function* (read) {
      yield await read(entries.get(name)!);
    });
    for await (const bytes of reading) return bytes;
    return new Uint8Array();
  };
  const { splits, ...layout } = await placed(path, visible([...entries.keys()]), readOne);
  const pictures = (split: Split) =>
    readingZip(path, (read) =>
      inOrder(splits[split] ?? [], READ_AHEAD, async ({ name, label }) => {
        const source = `${path}/${name}`;
        const reading = read(entries.get(name)!).catch((error) => unreadable(source, error));
        await reading.catch(() => {}); // thrown again to whoever asks for the bytes
        return { source, label, bytes: () => reading };
      }),
    );
  return { kind: "pictures", ...layout, counts: countsOf(splits), pictures };
}

/** Whether a file is called as a picture that can be read. */
export function isPicture(name: string): boolean {
  return /\.(a?png|jpe?g|jpe|jfif|webp|gif|avif|tiff?)$/i.test(name);
}

/** The pictures among files, with their classes and splits. */
async function placed(
  location: string,
  files: readonly string[],
  read: (name: string) => Promise<Uint8Array>,
): Promise<Layout> {
  const pictures = files.filter(isPicture).sort();
  if (pictures.length === 0) throw noPictures(location, files);
  const metadata = files.filter(isMetadata).sort();
  const { labels, leftOut } = await labelsInMetadata(metadata, pictures, read);
  const layout = layoutOf(pictures, labels);
  const others = files.filter((name) => !isPicture(name) && !isMetadata(name)).sort();
  const kinds = leftOutOf("file", `of other kinds (${kindsOf(others)})`, others);
  return { ...layout, leftOut: [...layout.leftOut, ...leftOut, ...kinds] };
}

function countsOf({ train, validation, test }: Layout["splits"]): SplitCounts {
  return {
    train: train.length,
    ...(validation && { validation: validation.length }),
    ...(test && { test: test.length }),
  };
}

function kindsOf(files: readonly string[]): string {
  return [...new Set(files.map((name) => extname(name).toLowerCase() || "no extension"))].sort().join(", ");
}

function noPictures(location: string, files: readonly string[]): DataError {
  return new DataError(
    "there are no pictures",
    `${location} holds ${kindsOf(files) || "nothing"}`,
    "put in .png, .jpg, .webp, .gif, .avif or .tiff files, a folder for each class or all together; unpack archives",
  );
}

function unreadable(source: string, cause: Error): never {
  throw new ImageError(
    "a picture cannot be read",
    `${source}: ${cause.message}`,
    `fetch it again, remove it, ${orSkip}`,
    { cause },
  );
}
