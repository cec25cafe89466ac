import { AudioFeatureError } from "./errors.js";
import type { MelSpectrogram } from "./mel-settings.js";
import type { Frames } from "./mel-spectrogram.js";

type Bands = Pick<MelSpectrogram, "fmin" | "fmax">;

/**
 * Frames as of a vocal tract of another length: each band has what was heard at `factor` times its frequency, between
 * bands by a straight line, beyond the last as in the last. Bands lie evenly on HTK's mel scale from `fmin` to `fmax`
 * hertz. Jaitly and Hinton, "Vocal tract length perturbation improves speech recognition", 2013, with factors from 0.9
 * to 1.1.
 * @throws AudioFeatureError for a factor outside 0.5 to 2.
 */
export function warpFrequencies(
  { data, frames, bands }: Frames,
  factor: number,
  { fmin, fmax }: Bands,
): Frames {
  if (!(factor >= 0.5 && factor <= 2)) {
    throw new AudioFeatureError("bands cannot be moved like that", `factor ${factor}`, "give 0.5 to 2");
  }
  const [lowest, highest] = [melOf(fmin), melOf(fmax)];
  const width = (highest - lowest) / (bands + 1);
  const sources = Array.from({ length: bands }, (_, band) => {
    const mel = melOf(factor * hertzOf(lowest + (band + 1) * width));
    return Math.min(bands - 1, Math.max(0, (mel - lowest) / width - 1));
  });
  const warped = new Float32Array(data.length);
  for (let row = 0; row < frames; row++) {
    for (const [band, source] of sources.entries()) {
      const below = row * bands + Math.floor(source);
      const share = source % 1;
      warped[row * bands + band] =
        share === 0 ? data[below] : data[below] + share * (data[below + 1] - data[below]);
    }
  }
  return { data: warped, frames, bands };
}

const melOf = (hertz: number) => 1127 * Math.log1p(hertz / 700);
const hertzOf = (mel: number) => 700 * Math.expm1(mel / 1127);
