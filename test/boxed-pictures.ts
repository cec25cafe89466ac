/** Folders of pictures with boxes, for the tests of their readers. */
import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import sharp from "sharp";
import { randomStream } from "../src/core/random.js";
import type { Box } from "../src/data/detection/boxes.js";
import { type BoxSet, type BoxSourceOptions, openBoxes } from "../src/data/detection/open-boxes.js";
import { temporaryFolder } from "./temporary-folder.js";

/** Blotches of their own for each seed, so that no two pictures look the same. */
export function photo(seed: number, width = 40, height = 20, orientation = 1): Promise<Buffer> {
  const stream = randomStream(seed, "photo");
  const raw = Uint8Array.from({ length: 10 * 8 * 3 }, () => stream.integer(256));
  const image = sharp(raw, { raw: { width: 10, height: 8, channels: 3 } });
  return image.resize(width, height, { fit: "fill" }).withMetadata({ orientation }).png().toBuffer();
}

/** Contents by path. */
export type Files = Record<string, string | Promise<Buffer> | Buffer>;

/** A folder of files by their paths. */
export async function folderOf(files: Files): Promise<string> {
  const folder = temporaryFolder();
  for (const [name, content] of Object.entries(files)) {
    await mkdir(dirname(join(folder, name)), { recursive: true });
    await writeFile(join(folder, name), await content);
  }
  return folder;
}

/** The set of a folder of these files, half of it held out. */
export async function opened(files: Files, options: Partial<BoxSourceOptions> = {}): Promise<BoxSet> {
  return openBoxes({ path: await folderOf(files), validationFraction: 0.5, ...options });
}

/** "class left top right bottom" of all pictures with annotations, by name. */
export function boxesOf({ classes, splits }: BoxSet): Record<string, string[]> {
  const all = [...splits.train, ...splits.validation, ...(splits.test ?? [])];
  const written = ({ label, left, top, right, bottom, ignored }: Box) =>
    `${classes[label]} ${left} ${top} ${right} ${bottom}${ignored ? " ignored" : ""}`;
  const pairs = all.map(({ name, boxes }) => [name, boxes.map(written)] as const);
  return Object.fromEntries(pairs.sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** Pascal VOC's file of objects: class, xmin, ymin, xmax, ymax. */
export function voc(
  objects: [string, number, number, number, number][],
  { size = [40, 20], rest = "" } = {},
): string {
  const written = objects.map(
    ([name, xmin, ymin, xmax, ymax]) =>
      `<object><name>${name}</name>${rest}<bndbox><xmin>${xmin}</xmin><ymin>${ymin}</ymin>` +
      `<xmax>${xmax}</xmax><ymax>${ymax}</ymax></bndbox></object>`,
  );
  const [width, height] = size;
  return `<annotation><size><width>${width}</width><height>${height}</height></size>${written.join("")}</annotation>`;
}

/** Two pictures that look different. */
export const twoPictures = (): Files => ({ "a.png": photo(1), "b.png": photo(2) });
