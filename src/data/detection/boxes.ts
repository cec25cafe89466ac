/** Edges in pixels of the upright picture: x to the right, y down, not rounded; right and bottom lie outside. */
export interface Edges {
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
}

/** An object in a picture. */
export interface Box extends Edges {
  /** Which of the classes, from 0. */
  readonly label: number;
  /** A crowd (COCO) or a difficult object (VOC): finding it is neither right nor wrong. */
  readonly ignored?: boolean;
  /** That of its outline, which says how large the object counts (COCO). Default: the box's own. */
  readonly area?: number;
}

/** A box that a model found, with how sure it is, from 0 to 1. */
export interface Detection extends Edges {
  readonly label: number;
  readonly score: number;
}

/** A picture with its boxes. */
export interface BoxedPicture {
  /** Its path in the set, with forward slashes. */
  readonly name: string;
  /** Of the upright picture. */
  readonly width: number;
  readonly height: number;
  readonly boxes: readonly Box[];
  /** The file's bytes. Throws `ImageError` where they cannot be read. */
  read(): Promise<Uint8Array>;
}

/** Square pixels inside of a box. */
export function areaOf({ left, top, right, bottom }: Edges): number {
  return (right - left) * (bottom - top);
}

/** Square pixels that both boxes hold. */
export function sharedArea(a: Edges, b: Edges): number {
  const width = Math.min(a.right, b.right) - Math.max(a.left, b.left);
  const height = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top);
  return width > 0 && height > 0 ? width * height : 0;
}

/** Intersection over union, 0 to 1. */
export function overlapOf(a: Edges, b: Edges): number {
  const shared = sharedArea(a, b);
  return shared === 0 ? 0 : shared / (areaOf(a) + areaOf(b) - shared);
}
