import type { Reading } from "../reading.js";
import type { AnnotatedObject, Annotation } from "./annotation.js";
import type { Box, Edges } from "./boxes.js";
import { isLying, type PictureLook } from "./picture-look.js";

/** Formats that count pixels otherwise put boxes this far outside. */
const ROUNDING = 1;

/**
 * An annotation's objects as boxes in pixels of the upright picture, inside of it. What is no box, has no area, lies
 * outside or is there twice is dropped, and counted; so are boxes that reach outside and are clipped. Where the file has the
 * size of a picture as it is stored, lying on its side, boxes are turned with it.
 */
export function checkedBoxes(
  annotation: Annotation,
  look: PictureLook,
  labels: ReadonlyMap<string, number>,
  reading: Reading,
): Box[] {
  const upright = uprightOf(annotation, look, reading);
  const kept = new Map<string, Box>();
  for (const object of annotation.objects) {
    const place = `${annotation.source}: ${object.class}`;
    const edges = upright(object);
    const inside = clipped(edges, look);
    const what = problemOf(edges, inside);
    if (what !== undefined) {
      reading.passOver(what, place);
      continue;
    }
    if (reach(edges, inside) > ROUNDING)
      reading.passOver("a box reaches outside its picture: clipped", place);
    const box = { ...inside, label: labels.get(object.class)!, ...marksOf(object) };
    const key = JSON.stringify(box);
    if (kept.has(key)) reading.passOver("a box is there twice: once dropped", place);
    kept.set(key, box);
  }
  return [...kept.values()];
}

function problemOf(edges: Edges, inside: Edges): string | undefined {
  const { left, top, right, bottom } = edges;
  if (![left, top, right, bottom].every(Number.isFinite))
    return "a box has an edge that is no number: dropped";
  if (right <= left || bottom <= top) return "a box has no area: dropped";
  if (inside.right <= inside.left || inside.bottom <= inside.top)
    return "a box lies outside its picture: dropped";
  return undefined;
}

function clipped({ left, top, right, bottom }: Edges, { width, height }: PictureLook): Edges {
  return {
    left: Math.max(0, left),
    top: Math.max(0, top),
    right: Math.min(width, right),
    bottom: Math.min(height, bottom),
  };
}

/** How far a box reaches outside, in pixels. */
function reach(edges: Edges, inside: Edges): number {
  const { left, top, right, bottom } = inside;
  return Math.max(left - edges.left, top - edges.top, edges.right - right, edges.bottom - bottom);
}

function marksOf({ ignored, area }: AnnotatedObject): Pick<Box, "ignored" | "area"> {
  return { ...(ignored && { ignored }), ...(area !== undefined && { area }) };
}

/** From a file's edges to pixels of the upright picture. */
function uprightOf(
  { unit, size, source }: Annotation,
  { width, height, orientation }: PictureLook,
  reading: Reading,
): (edges: Edges) => Edges {
  if (unit === "share") {
    return ({ left, top, right, bottom }) => ({
      left: left * width,
      top: top * height,
      right: right * width,
      bottom: bottom * height,
    });
  }
  if (size === undefined || (size.width === width && size.height === height)) return (edges) => edges;
  if (isLying(orientation) && size.width === height && size.height === width) {
    reading.passOver("boxes are of the picture before it is turned upright: turned with it", source);
    return (edges) => turned(edges, { width: height, height: width }, orientation);
  }
  const found = `${source}: ${size.width} x ${size.height} for ${width} x ${height}`;
  reading.passOver("an annotation has another size than its picture, whose own is taken", found);
  return (edges) => edges;
}

/** A box of a picture stored on its side, by orientation 5 to 8, in the upright one. [EXIF 2.32, Orientation] */
export function turned(
  { left, top, right, bottom }: Edges,
  { width, height }: { readonly width: number; readonly height: number },
  orientation: number,
): Edges {
  const isFromRight = orientation === 7 || orientation === 8;
  const isFromBottom = orientation === 6 || orientation === 7;
  return {
    left: isFromBottom ? height - bottom : top,
    right: isFromBottom ? height - top : bottom,
    top: isFromRight ? width - right : left,
    bottom: isFromRight ? width - left : right,
  };
}
