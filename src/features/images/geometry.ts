/** Which part of an image is seen: random crops and mirrored images. An image is [c, h, w]. */
import type { RandomStream } from "../../core/random.js";
import type { ImageShape } from "../../data/images/image.js";

/** A rectangle of an image, in pixels. */
export interface Box {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

/** Where a crop of the image's own size lies after a padding of `padding` pixels on every side. */
export function drawShift(padding: number, random: RandomStream): { readonly x: number; readonly y: number } {
  const x = random.integer(2 * padding + 1) - padding;
  return { x, y: random.integer(2 * padding + 1) - padding };
}

/**
 * Copies the window of the image's own size that lies `x` to the right and `y` below it; what lies outside is
 * reflected at the border, without repeating it. Shifts are less than the size.
 */
export function copyShifted(
  source: Float32Array,
  target: Float32Array,
  { channels, height, width }: ImageShape,
  { x, y, isMirrored }: { readonly x: number; readonly y: number; readonly isMirrored: boolean },
): void {
  const columns = Int32Array.from({ length: width }, (_, column) =>
    reflected((isMirrored ? width - 1 - column : column) + x, width),
  );
  let at = 0;
  for (let channel = 0; channel < channels; channel++) {
    for (let row = 0; row < height; row++) {
      const start = (channel * height + reflected(row + y, height)) * width;
      for (let column = 0; column < width; column++) target[at++] = source[start + columns[column]];
    }
  }
}

function reflected(index: number, size: number): number {
  if (index < 0) return -index;
  return index < size ? index : 2 * size - 2 - index;
}

const ASPECTS = [3 / 4, 4 / 3] as const;
const ATTEMPTS = 10;

/**
 * A box of `minScale` to all of the area and 3/4 to 4/3 of the aspect; all of the image where ten draws do not
 * fit ("Inception crop": Szegedy et al., "Going deeper with convolutions", 2015, section 6).
 */
export function drawBox({ height, width }: ImageShape, minScale: number, random: RandomStream): Box {
  const [narrow, wide] = [Math.log(ASPECTS[0]), Math.log(ASPECTS[1])];
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const area = width * height * (minScale + (1 - minScale) * random.uniform());
    const aspect = Math.exp(narrow + (wide - narrow) * random.uniform());
    const w = Math.max(1, Math.round(Math.sqrt(area * aspect)));
    const h = Math.max(1, Math.round(Math.sqrt(area / aspect)));
    if (w > width || h > height) continue;
    const left = random.integer(width - w + 1);
    return { left, top: random.integer(height - h + 1), width: w, height: h };
  }
  return { left: 0, top: 0, width, height };
}

/**
 * Stretches a box of the image over all of another, or over a place in it: bilinear, between the centres of pixels,
 * never outside the box.
 */
export function copyStretched(
  source: Float32Array,
  target: Float32Array,
  { channels, height, width }: ImageShape,
  box: Box,
  isMirrored: boolean,
  place: Box = { left: 0, top: 0, width, height },
): void {
  const columns = neighbours(box.left, box.width, place.width, isMirrored);
  const rows = neighbours(box.top, box.height, place.height, false);
  for (let channel = 0; channel < channels; channel++) {
    const plane = channel * height * width;
    for (let row = 0; row < place.height; row++) {
      const upper = plane + rows.before[row] * width;
      const lower = plane + rows.after[row] * width;
      const down = rows.share[row];
      let at = plane + (place.top + row) * width + place.left;
      for (let column = 0; column < place.width; column++) {
        const [before, after] = [columns.before[column], columns.after[column]];
        const right = columns.share[column];
        const above = source[upper + before] + right * (source[upper + after] - source[upper + before]);
        const below = source[lower + before] + right * (source[lower + after] - source[lower + before]);
        target[at++] = above + down * (below - above);
      }
    }
  }
}

/** The two pixels that each of `size` results lies between, and the share of the second. */
interface Neighbours {
  readonly before: Int32Array;
  readonly after: Int32Array;
  readonly share: Float64Array;
}

function neighbours(start: number, length: number, size: number, isMirrored: boolean): Neighbours {
  const [before, after] = [new Int32Array(size), new Int32Array(size)];
  const share = new Float64Array(size);
  for (let i = 0; i < size; i++) {
    const place = ((isMirrored ? size - 1 - i : i) + 0.5) * (length / size) - 0.5;
    const inside = Math.min(length - 1, Math.max(0, place));
    const first = Math.floor(inside);
    before[i] = start + first;
    after[i] = start + Math.min(length - 1, first + 1);
    share[i] = inside - first;
  }
  return { before, after, share };
}
