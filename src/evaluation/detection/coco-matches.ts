import {
  areaOf,
  type Box,
  type Detection,
  type Edges,
  overlapOf,
  sharedArea,
} from "../../data/detection/boxes.js";

/** 0.5 to 0.95 in ten steps, as NumPy's `linspace` gives them. */
export const OVERLAP_THRESHOLDS: readonly number[] = Array.from({ length: 10 }, (_, i) =>
  i === 9 ? 0.95 : 0.5 + i * ((0.95 - 0.5) / 9),
);
/** COCO looks at no more detections of one class in one picture. */
export const MOST_DETECTIONS = 100;

/** Square pixels from the first to the second, both included. */
export type AreaRange = readonly [number, number];

/** What a detection is at one threshold. */
export const IGNORED = 0;
export const RIGHT = 1;
export const WRONG = 2;

/** The boxes of one class in one picture. */
export interface ClassInPicture {
  readonly truths: readonly Box[];
  /** The surest first, `MOST_DETECTIONS` at most. */
  readonly detections: readonly Detection[];
  /** Of each detection, the true boxes that it may be of, in their order. */
  readonly candidates: readonly (readonly Candidate[])[];
}

interface Candidate {
  readonly truth: number;
  /** Intersection over union; with an ignored box, over the detection's area. At least the lowest threshold. */
  readonly overlap: number;
}

/** What became of the detections of one class in one picture. */
export interface MatchedDetections {
  /** Highest first. */
  readonly scores: readonly number[];
  /** [thresholds, detections]: `IGNORED`, `RIGHT` or `WRONG`. */
  readonly outcomes: Uint8Array;
  /** True boxes that are to be found. */
  readonly counted: number;
}

/** Which boxes of one class in one picture overlap. */
export function overlapping(truths: readonly Box[], detections: readonly Detection[]): ClassInPicture {
  const kept = detections.toSorted((a, b) => b.score - a.score).slice(0, MOST_DETECTIONS);
  const candidates = kept.map((detection) =>
    truths.flatMap((box, truth): Candidate[] => {
      const overlap = box.ignored ? insideOf(box, detection) : overlapOf(detection, box);
      return overlap < OVERLAP_THRESHOLDS[0] ? [] : [{ truth, overlap }];
    }),
  );
  return { truths, detections: kept, candidates };
}

/** The share of a detection that lies in a crowd, 0 to 1. */
export function insideOf(crowd: Edges, detection: Edges): number {
  const shared = sharedArea(crowd, detection);
  return shared === 0 ? 0 : shared / areaOf(detection);
}

/**
 * Gives each detection, the surest first, the true box that it overlaps most and that is still free. A box that is
 * ignored or not in the range is taken only where no other is there; one that is ignored is never used up.
 * [pycocotools 2.0.11, cocoeval.py, `evaluateImg`, without its mistaking of annotation 0 for none]
 */
export function matched(found: ClassInPicture, range: AreaRange): MatchedDetections {
  const { truths, detections } = found;
  const isOutside = (area: number) => area < range[0] || area > range[1];
  const passed = truths.map((truth) => truth.ignored === true || isOutside(truth.area ?? areaOf(truth)));
  const candidates = found.candidates.map((some) => [
    ...some.filter(({ truth }) => !passed[truth]),
    ...some.filter(({ truth }) => passed[truth]),
  ]);
  const outcomes = new Uint8Array(OVERLAP_THRESHOLDS.length * detections.length);
  OVERLAP_THRESHOLDS.forEach((threshold, t) => {
    const taken = new Set<number>();
    detections.forEach((detection, d) => {
      const free = candidates[d].filter(({ truth }) => truths[truth].ignored || !taken.has(truth));
      const best = bestOf(free, threshold, passed);
      const isIgnored = best === undefined ? isOutside(areaOf(detection)) : passed[best];
      outcomes[t * detections.length + d] = isIgnored ? IGNORED : best === undefined ? WRONG : RIGHT;
      if (best !== undefined) taken.add(best);
    });
  });
  const counted = passed.filter((isPassed) => !isPassed).length;
  return { scores: detections.map(({ score }) => score), outcomes, counted };
}

/** The true box of the greatest overlap; of equal ones the last. Those that are passed over come last. */
function bestOf(
  candidates: readonly Candidate[],
  threshold: number,
  passed: readonly boolean[],
): number | undefined {
  let least = Math.min(threshold, 1 - 1e-10);
  let best: number | undefined;
  for (const { truth, overlap } of candidates) {
    if (best !== undefined && !passed[best] && passed[truth]) break;
    if (overlap < least) continue;
    least = overlap;
    best = truth;
  }
  return best;
}
