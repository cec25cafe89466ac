/** Sound of a mel spectrogram without a trained model. */
import type { RandomStream } from "../../core/random.js";
import { melMagnitudes } from "../../features/audio/mel-magnitudes.js";
import type { MelSpectrogram } from "../../features/audio/mel-settings.js";
import { Stft } from "../../features/audio/stft.js";

/** How phases are sought. */
export interface GriffinLimOptions {
  /** Default: 32. */
  readonly iterations?: number;
  /** Samples that are wanted. */
  readonly length: number;
  /** Of the phases that it begins with. */
  readonly random: RandomStream;
}

/** How far a step goes beyond the last one; librosa's. */
const momentum = 0.99;

/**
 * Samples of a log-mel spectrogram [frames, bands] by Griffin and Lim's method with momentum (Perraudin et al. 2013).
 * @throws AudioFeatureError for settings that cannot be undone.
 */
export function griffinLim(
  mel: Float32Array,
  settings: MelSpectrogram,
  { iterations = 32, length, random }: GriffinLimOptions,
): Float32Array {
  const magnitudes = melMagnitudes(mel, settings);
  const stft = new Stft(settings);
  const estimate = Float32Array.from({ length: 2 * magnitudes.length }, () => random.normal());
  withMagnitudes(estimate, magnitudes, stft.bins);
  let before: Float32Array = estimate;
  for (let iteration = 0; iteration < iterations; iteration++) {
    const { data } = stft.forward(stft.inverse(estimate, length));
    for (let i = 0; i < data.length; i++) {
      estimate[i] = data[i] + (iteration === 0 ? 0 : momentum * (data[i] - before[i]));
    }
    before = data;
    withMagnitudes(estimate, magnitudes, stft.bins);
  }
  return stft.inverse(estimate, length);
}

/** Gives a spectrum [frames, 2 bins] the magnitudes [frames, bins] and leaves its phases. */
function withMagnitudes(spectrum: Float32Array, magnitudes: Float32Array, bins: number): void {
  for (let row = 0; row < magnitudes.length; row += bins) {
    for (let bin = 0; bin < bins; bin++) {
      const [real, imaginary] = [2 * row + bin, 2 * row + bins + bin];
      const size = Math.sqrt(spectrum[real] ** 2 + spectrum[imaginary] ** 2);
      const scale = magnitudes[row + bin] / Math.max(1e-12, size);
      spectrum[real] *= scale;
      spectrum[imaginary] *= scale;
    }
  }
}
