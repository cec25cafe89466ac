import { type Emissions, FRAME_RATE, requireEmissions } from "./emissions.js";

/** Thirty seconds: what is decoded at once, so that memory and time grow with the length of a sound alone. */
const LONGEST = 30 * FRAME_RATE;

/** A stretch of the emissions of a longer sound. */
export interface EmittedUtterance extends Emissions {
  /** Where it begins in the whole. */
  readonly firstFrame: number;
}

/**
 * Emissions in stretches of at most 30 seconds, cut in the middle of the longest run of blanks in the second half of
 * each; of equal runs the last. Throws `GenerationError` for emissions that are none.
 */
export function utterancesOf(emissions: Emissions): EmittedUtterance[] {
  requireEmissions(emissions);
  const { data, frames, vocabulary } = emissions;
  const utterances: EmittedUtterance[] = [];
  for (let first = 0; first < frames; ) {
    const end = frames - first <= LONGEST ? frames : cutBetween(first + LONGEST / 2, first + LONGEST);
    const own = data.subarray(first * vocabulary, end * vocabulary);
    utterances.push({ data: own, frames: end - first, vocabulary, firstFrame: first });
    first = end;
  }
  return utterances;

  function cutBetween(from: number, to: number): number {
    let best = { length: 0, cut: to };
    for (let frame = from, length = 0; frame < to; frame++) {
      length = isBlank(frame) ? length + 1 : 0;
      if (length > 0 && length >= best.length) best = { length, cut: frame + 1 - Math.floor(length / 2) };
    }
    return best.cut;
  }

  function isBlank(frame: number): boolean {
    const row = data.subarray(frame * vocabulary, (frame + 1) * vocabulary);
    return row.every((value) => value <= row[0]);
  }
}
