/** Short sounds as models of sound read and make them: of one loudness, in a window of so many frames. */
import { AudioFeatureError } from "./errors.js";
import type { MelSpectrogram } from "./mel-settings.js";
import { logMel } from "./mel-spectrogram.js";

/** The peak that every clip has: 1 dB under full scale. */
export const peakLevel = 10 ** (-1 / 20);
/** Under it, 80 dB below full scale, a clip is silent. */
export const silentPeak = 1e-4;
const fadeSeconds = 0.005;

/**
 * Sound without its mean, as loud as its peak lets it be: 1 dB under full scale. Undefined for silence, whose peak is 80
 * dB under full scale.
 */
export function levelled(samples: Float32Array): Float32Array | undefined {
  const mean = samples.reduce((sum, value) => sum + value, 0) / Math.max(1, samples.length);
  const peak = samples.reduce((most, value) => Math.max(most, Math.abs(value - mean)), 0);
  if (!(peak >= silentPeak)) return undefined;
  return samples.map((value) => ((value - mean) * peakLevel) / peak);
}

/** Sound whose first and last 5 ms rise from nothing and fall to nothing, so that neither end clicks. */
export function faded(samples: Float32Array, sampleRate: number): Float32Array {
  const length = Math.min(Math.round(fadeSeconds * sampleRate), Math.floor(samples.length / 2));
  const gain = (at: number) => (at < length ? 0.5 - 0.5 * Math.cos((Math.PI * at) / length) : 1);
  return samples.map((value, i) => value * gain(i) * gain(samples.length - 1 - i));
}

/** The samples that have exactly so many frames. */
export const samplesOfFrames = ({ hop }: MelSpectrogram, frames: number): number => (frames - 1) * hop;

/**
 * The log-mel spectrogram [bands, frames] of a clip that begins after `lead` frames of silence, and is cut or filled with
 * silence behind. @throws AudioFeatureError for fewer frames than a window has, and what `logMel` throws.
 */
export function melWindow(
  settings: MelSpectrogram,
  samples: Float32Array,
  { lead, frames }: { readonly lead: number; readonly frames: number },
): Float32Array {
  const window = new Float32Array(samplesOfFrames(settings, frames));
  const start = lead * settings.hop;
  if (start >= window.length) {
    throw new AudioFeatureError(
      "nothing of a clip fits into its window",
      `${lead} frames of silence in ${frames} frames`,
      "give a longer window, or a smaller shift",
    );
  }
  window.set(samples.subarray(0, window.length - start), start);
  return transposed(logMel(settings, window).data, settings.bands);
}

/** [rows, columns] as [columns, rows]. */
export function transposed(values: Float32Array, columns: number): Float32Array {
  const rows = values.length / columns;
  return Float32Array.from(
    { length: values.length },
    (_, i) => values[(i % rows) * columns + Math.floor(i / rows)],
  );
}
