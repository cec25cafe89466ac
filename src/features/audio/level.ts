import { AudioFeatureError } from "./errors.js";

/** The mean power of samples; 0 of none. */
export function meanSquare(samples: Float32Array): number {
  return samples.reduce((sum, value) => sum + value * value, 0) / Math.max(1, samples.length);
}

/**
 * Sound louder by so many decibels, or only so much that nothing lies outside -1 to 1.
 * @throws AudioFeatureError for decibels that are not finite.
 */
export function changeGain(samples: Float32Array, decibels: number): Float32Array {
  if (!Number.isFinite(decibels)) {
    throw new AudioFeatureError("the gain cannot be changed like that", `${decibels} dB`, "give -20 to 20");
  }
  const peak = samples.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  const factor = Math.min(10 ** (decibels / 20), 1 / peak);
  return samples.map((value) => factor * value);
}
