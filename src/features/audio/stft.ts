import FFT from "fft.js";
import { AudioFeatureError } from "./errors.js";
import type { MelSpectrogram } from "./mel-settings.js";

/** How a sound is cut into windows: Hann's, periodic, with the middle of window i at sample i * hop. */
export type StftSettings = Pick<MelSpectrogram, "windowLength" | "hop" | "fftSize">;

/** A complex spectrum over time. */
export interface Spectrogram {
  /** Spectra [frames, 2 bins]: of each frame the real parts, then the imaginary ones. */
  readonly data: Float32Array;
  readonly frames: number;
  /** fftSize / 2 + 1. */
  readonly bins: number;
}

/**
 * A short-time Fourier transform and its inverse. A size of the transform is a power of two; a hop is at most half a
 * window, so that every sample lies under one. What they return is written by no later call.
 */
export class Stft {
  readonly bins: number;
  private readonly fft: FFT;
  private readonly window: Float64Array;
  /** [fftSize], zero behind the window. */
  private readonly frame: Float64Array;
  /** [2 fftSize], real and imaginary parts by turns. */
  private readonly spectrum: Float64Array;
  private readonly wave: Float64Array;
  private known?: { readonly frames: number; readonly weights: Float64Array };

  /** Throws `AudioFeatureError` for other sizes. */
  constructor(private readonly settings: StftSettings) {
    const { windowLength, hop, fftSize } = settings;
    requireSizes(settings);
    this.bins = fftSize / 2 + 1;
    this.fft = new FFT(fftSize);
    this.window = hannWindow(windowLength);
    this.frame = new Float64Array(fftSize);
    this.spectrum = new Float64Array(2 * fftSize);
    this.wave = new Float64Array(2 * fftSize);
    this.settings = { windowLength, hop, fftSize };
  }

  /** How many frames so many samples have. */
  framesOf(samples: number): number {
    return Math.floor(samples / this.settings.hop) + 1;
  }

  /** The spectrum of samples, which are mirrored at both ends. Throws `AudioFeatureError` for less than half a window. */
  forward(samples: Float32Array): Spectrogram {
    const { windowLength, hop } = this.settings;
    if (samples.length <= windowLength / 2) throw tooShort(samples.length, windowLength);
    const { bins, fft, frame, spectrum, window } = this;
    const frames = this.framesOf(samples.length);
    const data = new Float32Array(frames * 2 * bins);
    for (let at = 0; at < frames; at++) {
      const start = at * hop - windowLength / 2;
      const isInside = start >= 0 && start + windowLength <= samples.length;
      for (let i = 0; i < windowLength; i++) {
        frame[i] = window[i] * samples[isInside ? start + i : mirrored(start + i, samples.length)];
      }
      fft.realTransform(spectrum, frame);
      const row = data.subarray(at * 2 * bins, (at + 1) * 2 * bins);
      for (let bin = 0; bin < bins; bin++) {
        row[bin] = spectrum[2 * bin];
        row[bins + bin] = spectrum[2 * bin + 1];
      }
    }
    return { data, frames, bins };
  }

  /**
   * So many samples whose spectrum is nearest to `data` [frames, 2 bins] by least squares: windows added where they
   * overlap, over the sum of their squares (Griffin and Lim 1984).
   */
  inverse(data: Float32Array, length: number): Float32Array {
    const { windowLength, hop, fftSize } = this.settings;
    const { bins, fft, spectrum, wave, window } = this;
    const frames = data.length / (2 * bins);
    const sums = new Float64Array(length);
    for (let at = 0; at < frames; at++) {
      const row = data.subarray(at * 2 * bins, (at + 1) * 2 * bins);
      for (let bin = 0; bin < bins; bin++) {
        spectrum[2 * bin] = row[bin];
        spectrum[2 * bin + 1] = bin % (fftSize / 2) === 0 ? 0 : row[bins + bin];
      }
      fft.completeSpectrum(spectrum);
      fft.inverseTransform(wave, spectrum);
      const start = at * hop - windowLength / 2;
      const end = Math.min(windowLength, length - start);
      for (let i = Math.max(0, -start); i < end; i++) {
        sums[start + i] += window[i] * wave[2 * i];
      }
    }
    const weights = this.weightsOf(frames, length);
    const samples = new Float32Array(length);
    for (let i = 0; i < length; i++) samples[i] = sums[i] / weights[i];
    return samples;
  }

  /** The sum of the squares of all windows at each sample; kept, as it is asked for again and again. */
  private weightsOf(frames: number, length: number): Float64Array {
    if (this.known?.frames === frames && this.known.weights.length === length) return this.known.weights;
    const { windowLength, hop } = this.settings;
    const weights = new Float64Array(length);
    for (let at = 0; at < frames; at++) {
      const start = at * hop - windowLength / 2;
      const end = Math.min(windowLength, length - start);
      for (let i = Math.max(0, -start); i < end; i++) weights[start + i] += this.window[i] ** 2;
    }
    for (let i = 0; i < length; i++) weights[i] = Math.max(leastWeight, weights[i]);
    this.known = { frames, weights };
    return weights;
  }
}

/** Hann's window, periodic. */
export function hannWindow(length: number): Float64Array {
  return Float64Array.from({ length }, (_, i) => 0.5 - 0.5 * Math.cos((2 * Math.PI * i) / length));
}

/** Under which no window lies on a sample. */
const leastWeight = 1e-8;

function mirrored(at: number, length: number): number {
  const inside = Math.abs(at);
  return inside < length ? inside : 2 * (length - 1) - inside;
}

function requireSizes({ windowLength, hop, fftSize }: StftSettings): void {
  const isPower = Number.isInteger(Math.log2(fftSize)) && fftSize >= 4;
  if (isPower && windowLength <= fftSize && windowLength % 2 === 0 && hop >= 1 && 2 * hop <= windowLength)
    return;
  throw new AudioFeatureError(
    "a spectrum of these sizes cannot be made into sound again",
    `windows of ${windowLength} samples, ${hop} from one to the next, transforms of ${fftSize}`,
    "give a power of two as fftSize, an even windowLength of at most that, and a hop of at most half a window",
  );
}

function tooShort(samples: number, windowLength: number): AudioFeatureError {
  return new AudioFeatureError(
    "the sound is too short to be mirrored at its ends",
    `${samples} samples, windows of ${windowLength}`,
    `give more than ${windowLength / 2} samples`,
  );
}
