import { type Emissions, logSumExp, requireEmissions } from "./emissions.js";

/** A character of a transcript. */
export interface Character {
  readonly id: number;
  /** The frames of its peak: from `start` up to, but not including, `end`. */
  readonly start: number;
  readonly end: number;
  /** Natural, at the height of the peak. */
  readonly logProbability: number;
}

/**
 * The most likely path: the best token of each frame (of equal ones the first), equal neighbours joined, blanks left
 * out (Graves et al. 2006, "best path decoding"; Transformers and transformers.js do the same). Throws
 * `GenerationError` for emissions that are none.
 */
export function greedy(emissions: Emissions): Character[] {
  requireEmissions(emissions);
  const { data, frames, vocabulary } = emissions;
  const characters: Character[] = [];
  let previous = 0;
  for (let frame = 0; frame < frames; frame++) {
    const row = data.subarray(frame * vocabulary, (frame + 1) * vocabulary);
    const id = argmax(row);
    if (id !== 0) {
      const logProbability = row[id] - logSumExp(row);
      const peak = { id, start: frame, end: frame + 1, logProbability };
      if (id === previous) characters.push(longer(characters.pop()!, peak));
      else characters.push(peak);
    }
    previous = id;
  }
  return characters;
}

/** A peak with what follows it of the same character. */
export function longer(peak: Character, next: Character): Character {
  return {
    ...peak,
    end: next.end,
    logProbability: Math.max(peak.logProbability, next.logProbability),
  };
}

function argmax(row: Float32Array): number {
  let best = 0;
  for (let id = 1; id < row.length; id++) if (row[id] > row[best]) best = id;
  return best;
}
