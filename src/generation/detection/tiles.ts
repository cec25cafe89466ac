import { areaOf, type Detection, type Edges, sharedArea } from "../../data/detection/boxes.js";
import { type SuppressOptions, suppress } from "./suppress.js";

/** What neighbouring tiles share, of their sides: what is smaller lies whole in one of them. */
const OVERLAP = 1 / 5;
/** A box that ends so near the border of its tile, of the tile's side, may go on beyond it. */
const NEAR = 1 / 50;

interface Size {
  readonly width: number;
  readonly height: number;
}

/** A part of a picture, in whole pixels. */
export interface Window extends Size {
  readonly left: number;
  readonly top: number;
}

/**
 * The windows in which a detector of images of the size `model` looks at a large picture: the whole, for what is larger
 * than a tile (Akyon, Altinuc and Temizel, "Slicing aided hyper inference", 2022), and then tiles of the model's aspect
 * ratio, row by row, that share a fifth with their neighbours or more. `side` is the longer side of a tile in pixels of
 * the picture. A tile that is as large as the picture is left out; one too large in one direction is made smaller.
 */
export function tilesOf(picture: Size, model: Size, side: number): Window[] {
  const whole = { left: 0, top: 0, ...picture };
  const scale = side / Math.max(model.width, model.height);
  const [wide, high] = [(model.width * scale) / picture.width, (model.height * scale) / picture.height];
  if (wide >= 1 && high >= 1) return [whole];
  const fitting = scale / Math.max(1, wide, high);
  const width = Math.max(1, Math.round(model.width * fitting));
  const height = Math.max(1, Math.round(model.height * fitting));
  const lefts = startsOf(picture.width, width);
  const tops = startsOf(picture.height, height);
  return [whole, ...tops.flatMap((top) => lefts.map((left) => ({ left, top, width, height })))];
}

/** Where tiles begin: evenly, from the first pixel to the last. */
function startsOf(length: number, side: number): number[] {
  const room = length - side;
  const steps = Math.ceil(room / (side * (1 - OVERLAP)));
  return Array.from({ length: steps + 1 }, (_, i) => (steps === 0 ? 0 : Math.floor((i * room) / steps)));
}

interface Placed extends Detection {
  /** Whether a border that is not the picture's may have cut it off. */
  readonly isCut: boolean;
}

/**
 * The boxes of a picture from those of its windows, which are in pixels from the window's left and top: each thing once,
 * surest first. Of whole boxes that overlap, the surest stays, as in `suppress`. A box that a window's border may have
 * cut off is measured by the share of the smaller box that both hold, since over the union a part and its whole share
 * little; whole ones stay before it however sure, and of parts the largest. So give only boxes sure enough to be shown.
 * The limit is by default none.
 */
export function mergeTiles(
  picture: Size,
  windows: readonly Window[],
  detections: readonly (readonly Detection[])[],
  { overlap = 0.5, limit = Number.POSITIVE_INFINITY }: SuppressOptions = {},
): Detection[] {
  const placed = windows.flatMap((window, i) =>
    detections[i].map((found) => inPicture(found, window, picture)),
  );
  const whole = suppress(
    placed.filter(({ isCut }) => !isCut),
    { overlap, limit: Number.POSITIVE_INFINITY },
  );
  const parts = placed.filter(({ isCut }) => isCut).toSorted((a, b) => areaOf(b) - areaOf(a));
  const kept: Detection[] = [...whole];
  for (const part of parts) {
    const isNew = kept.every((other) => other.label !== part.label || shareOfSmaller(other, part) < overlap);
    if (isNew) kept.push(part);
  }
  return kept
    .toSorted((a, b) => b.score - a.score)
    .slice(0, limit)
    .map(({ left, top, right, bottom, label, score }) => ({ left, top, right, bottom, label, score }));
}

function inPicture(found: Detection, window: Window, picture: Size): Placed {
  const [across, down] = [window.width * NEAR, window.height * NEAR];
  const [right, bottom] = [window.left + window.width, window.top + window.height];
  const isCut =
    (window.left > 0 && found.left < across) ||
    (window.top > 0 && found.top < down) ||
    (right < picture.width && found.right > window.width - across) ||
    (bottom < picture.height && found.bottom > window.height - down);
  return {
    ...found,
    left: found.left + window.left,
    top: found.top + window.top,
    right: found.right + window.left,
    bottom: found.bottom + window.top,
    isCut,
  };
}

function shareOfSmaller(a: Edges, b: Edges): number {
  return sharedArea(a, b) / Math.min(areaOf(a), areaOf(b));
}
