/** What is particular to EMNIST's IDX files. [Cohen et al. 2017, https://arxiv.org/abs/1702.05373] */
import type { ImageShape } from "./image.js";

const DIGITS = "0123456789";
const UPPER = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
const LOWER = UPPER.toLowerCase();
/** Lower-case letters that do not look like their capitals. */
const MERGED = "abdefghnqrt";

/** The classes of each of its sets, of which letters, both cases in one, counts from 1. */
const SETS: Readonly<Record<string, { readonly classes: string; readonly first: number }>> = {
  balanced: { classes: DIGITS + UPPER + MERGED, first: 0 },
  bymerge: { classes: DIGITS + UPPER + MERGED, first: 0 },
  byclass: { classes: DIGITS + UPPER + LOWER, first: 0 },
  letters: { classes: LOWER, first: 1 },
  digits: { classes: DIGITS, first: 0 },
  mnist: { classes: DIGITS, first: 0 },
};

/** The classes of a file of EMNIST by its name, and the number of the first; undefined for another's. */
export function emnistSet(name: string): { classes: string[]; first: number } | undefined {
  const set = SETS[/emnist-([a-z]+)-/i.exec(name)?.[1].toLowerCase() ?? ""];
  return set && { classes: Array.from(set.classes), first: set.first };
}

/** EMNIST's images lie on their side: rows and columns change places. */
export function transposed(pixels: Uint8Array, { height, width }: ImageShape): Uint8Array {
  const upright = new Uint8Array(pixels.length);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) upright[x * height + y] = pixels[y * width + x];
  }
  return upright;
}
