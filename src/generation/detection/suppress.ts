import { type Detection, overlapOf } from "../../data/detection/boxes.js";

/** What is left of boxes that say the same. */
export interface SuppressOptions {
  /** From which overlap on, as intersection over union, two boxes of a class are one thing; default 0.5. */
  readonly overlap?: number;
  /** How many boxes are left at most, all classes together; default 100. */
  readonly limit?: number;
}

/**
 * The surest boxes first, of equally sure ones the first given, without those that overlap a surer one of their class:
 * non-maximum suppression.
 */
export function suppress(
  detections: readonly Detection[],
  { overlap = 0.5, limit = 100 }: SuppressOptions = {},
): Detection[] {
  const kept: Detection[] = [];
  for (const next of detections.toSorted((a, b) => b.score - a.score)) {
    if (kept.length >= limit) break;
    const isNew = kept.every((other) => other.label !== next.label || overlapOf(other, next) < overlap);
    if (isNew) kept.push(next);
  }
  return kept;
}
