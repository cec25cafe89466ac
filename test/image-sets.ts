/** Sets of images as files, and what is read of them. */
import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import sharp from "sharp";
import { type ImageSource, type ImageSourceOptions, openImages } from "../src/data/images/open-images.js";
import { temporaryFolder } from "./temporary-folder.js";

export type Files = Record<string, Uint8Array | string>;

/** Writers of files, each into a folder of its own in one that goes with the tests. */
export function fileWriters() {
  const root = temporaryFolder();
  let count = 0;
  async function folderOf(files: Files): Promise<string> {
    const folder = join(root, `${count++}`);
    for (const [name, bytes] of Object.entries(files)) {
      await mkdir(dirname(join(folder, name)), { recursive: true });
      await writeFile(join(folder, name), bytes);
    }
    return folder;
  }
  const fileOf = async (name: string, bytes: Uint8Array | string) =>
    join(await folderOf({ [name]: bytes }), name);
  return { root, folderOf, fileOf };
}

export function png(red: number, height = 2, width = 2): Promise<Buffer> {
  return sharp({ create: { width, height, channels: 3, background: { r: red, g: 1, b: 2 } } })
    .png()
    .toBuffer();
}

/** [first byte, label] of every image. */
export async function firsts(source: ImageSource, split: "train" | "test" = "train"): Promise<number[][]> {
  const found: number[][] = [];
  for await (const { pixels, label } of source.images(split)) found.push([pixels[0], label]);
  return found;
}

export async function readAll(options: ImageSourceOptions): Promise<number[][]> {
  return firsts(await openImages(options));
}
