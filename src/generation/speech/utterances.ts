import { joined } from "../../data/audio/audio.js";
import { type EmissionParts, type Emissions, FRAME_RATE, requireEmissions } from "./emissions.js";

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
export async function* utterancesOf(parts: EmissionParts): AsyncGenerator<EmittedUtterance> {
  let held: Float32Array = new Float32Array();
  let [firstFrame, vocabulary] = [0, 1];
  for await (const part of parts) {
    requireEmissions(part);
    ({ vocabulary } = part);
    held = joined([held, part.data]);
    while (held.length > LONGEST * vocabulary) yield take(cutIn(held, vocabulary));
  }
  if (held.length > 0) yield take(held.length / vocabulary);

  function take(frames: number): EmittedUtterance {
    const utterance = { data: held.subarray(0, frames * vocabulary), frames, vocabulary, firstFrame };
    held = held.subarray(frames * vocabulary);
    firstFrame += frames;
    return utterance;
  }
}

/** A frame in the second half of the longest stretch. */
function cutIn(data: Float32Array, vocabulary: number): number {
  let best = { length: 0, cut: LONGEST };
  for (let frame = LONGEST / 2, length = 0; frame < LONGEST; frame++) {
    const row = data.subarray(frame * vocabulary, (frame + 1) * vocabulary);
    length = row.every((value) => value <= row[0]) ? length + 1 : 0;
    if (length > 0 && length >= best.length) best = { length, cut: frame + 1 - Math.floor(length / 2) };
  }
  return best.cut;
}
