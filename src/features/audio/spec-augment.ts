import type { RandomStream } from "../../core/random.js";
import type { Frames } from "./mel-spectrogram.js";

/** At most 27 of 80 bands and 40 frames of 10 ms, each twice; all masks over time at most a fifth of it. */
const BAND_MASKS = 2;
const BAND_SHARE = 27 / 80;
const TIME_MASKS = 2;
const TIME_FRAMES = 40;
const TIME_SHARE = 0.2;

/**
 * Frames with some bands and some stretches of time masked: Park et al., "SpecAugment", 2019, policy LD without
 * warping, its stretches shortened for short utterances. Masked values are 0, the mean of normalised bands. The frames
 * are those of 10 ms: mask before stacking, or look at [t, 160] as [2 t, 80], which is the same data.
 */
export function specAugment({ data, frames, bands }: Frames, random: RandomStream): Frames {
  const masked = data.slice();
  for (let i = 0; i < BAND_MASKS; i++) {
    const [start, end] = drawMask(bands, Math.round(BAND_SHARE * bands), random);
    for (let row = 0; row < masked.length; row += bands) masked.fill(0, row + start, row + end);
  }
  const longest = Math.min(TIME_FRAMES, Math.floor((TIME_SHARE * frames) / TIME_MASKS));
  for (let i = 0; i < TIME_MASKS; i++) {
    const [start, end] = drawMask(frames, longest, random);
    masked.fill(0, start * bands, end * bands);
  }
  return { data: masked, frames, bands };
}

/** A stretch of 0 to `longest` places, and where it lies. */
function drawMask(length: number, longest: number, random: RandomStream): [number, number] {
  const width = random.integer(longest + 1);
  const start = random.integer(length - width + 1);
  return [start, start + width];
}
