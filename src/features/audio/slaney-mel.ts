import { AudioFeatureError } from "./errors.js";
import { melFilters } from "./mel-filters.js";
import type { MelSpectrogram } from "./mel-settings.js";

/** How finely a spectrogram tells times and tones apart. */
export interface MelResolution {
  /** A window is the first power of two of samples from here on, a hop a quarter of it; default 0.032. */
  readonly windowSeconds?: number;
  /** Default: 64 below 16 kHz, else 80. */
  readonly bands?: number;
}

/**
 * Librosa's filters with the logarithm of vocoders (HiFi-GAN): magnitudes, not under 1e-5.
 * @throws AudioFeatureError when the bands are narrower than what a window tells apart.
 */
export function slaneyMel(
  sampleRate: number,
  { windowSeconds = 0.032, bands = sampleRate < 16000 ? 64 : 80 }: MelResolution = {},
): MelSpectrogram {
  const fftSize = 2 ** Math.ceil(Math.log2(windowSeconds * sampleRate));
  const settings: MelSpectrogram = {
    sampleRate,
    windowLength: fftSize,
    hop: fftSize / 4,
    fftSize,
    window: "hann",
    preemphasis: 0,
    removeDc: false,
    scale: 1,
    padding: "reflect",
    dropLast: false,
    power: 1,
    bands,
    melScale: "slaney",
    filterNorm: "slaney",
    triangles: "hertz",
    fmin: 0,
    fmax: sampleRate / 2,
    log: "ln",
    floor: 1e-5,
    normalisation: "none",
  };
  if (melFilters(settings).every((weights) => weights.some((weight) => weight > 0))) return settings;
  throw new AudioFeatureError(
    "some mel bands are too narrow to hold anything",
    `${bands} bands up to ${sampleRate / 2} Hz, of windows that tell ${(sampleRate / fftSize).toFixed(1)} Hz apart`,
    "take fewer bands or longer windows",
  );
}
