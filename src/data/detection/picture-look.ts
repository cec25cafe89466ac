import sharp from "sharp";
import { decodeImage, measurePicture } from "../images/decode.js";

/** Sides of the grid whose neighbours are compared. */
const GRID = 16;
/** The EXIF orientations that swap width and height. */
const FIRST_LYING = 5;

/** What has to be known of a picture without keeping its pixels. */
export interface PictureLook {
  /** Upright. */
  readonly width: number;
  readonly height: number;
  /** EXIF's, 1 to 8; 1 is upright. */
  readonly orientation: number;
  /** The difference hash: a bit wherever it grows lighter to the right, 16 x 16. */
  readonly hash: Uint32Array;
}

/** Looks at an encoded picture, all of it. Throws `ImageError` naming `source`. */
export async function lookAt(bytes: Uint8Array, source: string): Promise<PictureLook> {
  const { width, height } = await measurePicture(bytes, source);
  const pixels = await decodeImage(bytes, source, { channels: 1, height: GRID, width: GRID + 1 });
  const { orientation = 1 } = await sharp(bytes).metadata();
  return { width, height, orientation, hash: differences(pixels) };
}

/** Whether a picture is stored lying on its side. */
export function isLying(orientation: number): boolean {
  return orientation >= FIRST_LYING;
}

/** Krawetz, "Kind of like that", 2013, with a finer grid: 64 bits took many pictures of one kind for the same. */
function differences(pixels: Uint8Array): Uint32Array {
  const hash = new Uint32Array((GRID * GRID) / 32);
  for (let bit = 0; bit < GRID * GRID; bit++) {
    const at = Math.floor(bit / GRID) * (GRID + 1) + (bit % GRID);
    if (pixels[at] < pixels[at + 1]) hash[bit >>> 5] |= 1 << (bit & 31);
  }
  return hash;
}
