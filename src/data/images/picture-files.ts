import { readFile, realpath } from "node:fs/promises";
import { dirname, extname, join } from "node:path";
import { glob } from "tinyglobby";
import { DataError } from "../../files/errors.js";
import type { PictureCollection, Split } from "./collection.js";
import { ImageError, orSkip } from "./decode.js";
import { inOrder } from "./in-order.js";
import { layoutOf } from "./layout.js";
import { readingZip, zipEntries } from "./zip.js";

const READ_AHEAD = 16;

/**
 * The pictures of a folder and its sub-folders, in the order of their paths by code unit; see `layoutOf` for
 * their classes and splits. Hidden files and other kinds are passed over. Links are followed, but of the paths
 * to one real folder only the shortest are read: a loop adds nothing.
 * @throws DataError when there are none.
 */
export async function folderOfPictures(folder: string): Promise<PictureCollection> {
  const names = pictureNames(folder, await glob("**/*", { cwd: folder }));
  const layout = layoutOf(await withoutLoops(folder, names));
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
  const entries = await zipEntries(path);
  const layout = layoutOf(pictureNames(path, [...entries.keys()]));
  const pictures = (split: Split) =>
    readingZip(path, (read) =>
      inOrder(layout.splits[split], READ_AHEAD, async ({ name, label }) => {
        const source = `${path}/${name}`;
        const reading = read(entries.get(name)!).catch((error) => unreadable(source, error));
        await reading.catch(() => {}); // thrown again to whoever asks for the bytes
        return { source, label, bytes: () => reading };
      }),
    );
  return { kind: "pictures", classes: layout.classes, hasTest: layout.splits.test.length > 0, pictures };
}

/** The names whose folder is reached by no shorter path: a path through a loop has one. */
async function withoutLoops(folder: string, names: readonly string[]): Promise<string[]> {
  const places = new Map<string, { real: string; depth: number }>();
  const shortest = new Map<string, number>();
  for (const place of new Set(names.map((name) => dirname(name)))) {
    const real = await realpath(join(folder, place));
    const depth = place === "." ? 0 : place.split("/").length;
    places.set(place, { real, depth });
    shortest.set(real, Math.min(depth, shortest.get(real) ?? depth));
  }
  return names.filter((name) => {
    const { real, depth } = places.get(dirname(name))!;
    return depth === shortest.get(real);
  });
}

function pictureNames(location: string, names: readonly string[]): string[] {
  const visible = names.filter((name) => !/(^|\/)(\.|__MACOSX\/)|\/$/.test(name));
  const pictures = visible.filter((name) => /\.(png|jpe?g|webp)$/i.test(name));
  if (pictures.length > 0) return pictures.sort();
  const kinds = [...new Set(visible.map((name) => extname(name) || "no extension"))].sort().join(", ");
  throw new DataError(
    "there are no pictures",
    `${location} holds ${kinds || "nothing"}`,
    "put in .png, .jpg, .jpeg or .webp files, a folder for each class or all together",
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
