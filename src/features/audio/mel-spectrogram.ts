import { AudioFeatureError } from "./errors.js";
import { melFilters } from "./mel-filters.js";
import type { MelSpectrogram } from "./mel-settings.js";
import { powerSpectrum } from "./power-spectrum.js";

/** Features of sound over time. */
export interface Frames {
  /** [frames, bands], row after row. */
  readonly data: Float32Array;
  readonly frames: number;
  readonly bands: number;
}

/** How many frames so many samples have; 0 where they do not fill one window. */
export function framesOf(settings: MelSpectrogram, samples: number): number {
  const { windowLength, hop, padding, dropLast } = settings;
  if (samples < windowLength) return 0;
  return Math.floor((padding === "none" ? samples - windowLength : samples) / hop) + (dropLast ? 0 : 1);
}

/**
 * The log-mel spectrogram of one channel from -1 to 1 at the rate of the settings. Where bands are normalised, one
 * that holds less than the rounding of samples to 16 bits makes is 0 throughout: digital silence, and the bands above
 * 4 kHz of sound that was resampled from 8 kHz. The programs that these settings follow blow such rests up to
 * variance 1. Sound 90 dB under full scale wants a gain first.
 * @throws AudioFeatureError for sound shorter than a window, and for samples that are not finite.
 */
export function logMel(settings: MelSpectrogram, samples: Float32Array): Frames {
  requireSound(settings, samples);
  const { bands } = settings;
  const frames = framesOf(settings, samples.length);
  const data = new Float32Array(frames * bands);
  const { spans, spectrum, frame, window, leastLogs } = planOf(settings);
  for (let at = 0; at < frames; at++) {
    readFrame(samples, at, settings, window, frame);
    writeLogs(spectrum(frame), spans, settings, data.subarray(at * bands, (at + 1) * bands));
  }
  if (settings.log === "whisper") limitRange(data);
  if (settings.normalisation === "utterance") normaliseBands(data, bands, leastLogs);
  return { data, frames, bands };
}

/** The part of a band's weights that is not 0, and the bin where it begins. */
interface Span {
  readonly start: number;
  readonly weights: Float64Array;
}

/** What is computed once for all sounds. */
interface Plan {
  readonly window: Float64Array;
  readonly spans: readonly Span[];
  readonly spectrum: (frame: Float64Array) => Float64Array;
  /** [fftSize], zero after the window. */
  readonly frame: Float64Array;
  readonly leastLogs: Float64Array;
}

const plans = new WeakMap<MelSpectrogram, Plan>();

function planOf(settings: MelSpectrogram): Plan {
  const known = plans.get(settings);
  if (known) return known;
  const filters = melFilters(settings);
  const window = windowOf(settings);
  const plan: Plan = {
    window,
    spans: filters.map(spanOf),
    spectrum: powerSpectrum(settings.fftSize),
    frame: new Float64Array(settings.fftSize),
    leastLogs: leastLogsOf(settings, filters, window),
  };
  plans.set(settings, plan);
  return plan;
}

function windowOf({ window, windowLength }: MelSpectrogram): Float64Array {
  const period = window === "povey" ? windowLength - 1 : windowLength;
  const hann = Float64Array.from(
    { length: windowLength },
    (_, i) => 0.5 - 0.5 * Math.cos((2 * Math.PI * i) / period),
  );
  return window === "povey" ? hann.map((value) => value ** 0.85) : hann;
}

function spanOf(filter: Float64Array): Span {
  const start = Math.max(
    0,
    filter.findIndex((weight) => weight > 0),
  );
  return { start, weights: filter.slice(start, 1 + filter.findLastIndex((weight) => weight > 0)) };
}

/**
 * Under which logarithm a band holds nothing: a tenth of the energy that rounding to 16 bits gives it. 16-bit
 * sound has more in every band; resampling in float32 leaves less than a thousandth.
 */
function leastLogsOf(
  { fftSize, preemphasis, scale, power }: MelSpectrogram,
  filters: readonly Float64Array[],
  window: Float64Array,
): Float64Array {
  const rounding = (scale / 32768) ** 2 / 12;
  const noise = rounding * window.reduce((sum, value) => sum + value * value, 0);
  return Float64Array.from(filters, (filter) => {
    const energy = filter.reduce((sum, weight, bin) => {
      const gain = 1 + preemphasis ** 2 - 2 * preemphasis * Math.cos((2 * Math.PI * bin) / fftSize);
      return sum + weight * (0.1 * noise * gain) ** (power / 2);
    }, 0);
    return Math.log(energy);
  });
}

function readFrame(
  samples: Float32Array,
  index: number,
  { windowLength, hop, padding, scale, removeDc, preemphasis }: MelSpectrogram,
  window: Float64Array,
  frame: Float64Array,
): void {
  const start = index * hop - (padding === "reflect" ? windowLength / 2 : 0);
  let sum = 0;
  for (let i = 0; i < windowLength; i++) {
    frame[i] = scale * samples[mirrored(start + i, samples.length)];
    sum += frame[i];
  }
  const mean = removeDc ? sum / windowLength : 0;
  let before = frame[0] - mean;
  for (let i = 0; i < windowLength; i++) {
    const value = frame[i] - mean;
    frame[i] = (value - preemphasis * before) * window[i];
    before = value;
  }
}

function mirrored(at: number, length: number): number {
  const inside = Math.abs(at);
  return inside < length ? inside : 2 * (length - 1) - inside;
}

function writeLogs(
  powers: Float64Array,
  spans: readonly Span[],
  { power, log, floor }: MelSpectrogram,
  row: Float32Array,
): void {
  if (power === 1) for (let bin = 0; bin < powers.length; bin++) powers[bin] = Math.sqrt(powers[bin]);
  for (const [band, { start, weights }] of spans.entries()) {
    let energy = 0;
    for (let i = 0; i < weights.length; i++) energy += weights[i] * powers[start + i];
    const kept = Math.max(floor, energy);
    row[band] = log === "ln" ? Math.log(kept) : Math.log10(kept);
  }
}

function limitRange(logs: Float32Array): void {
  const least = logs.reduce((most, value) => Math.max(most, value), Number.NEGATIVE_INFINITY) - 8;
  for (const [i, value] of logs.entries()) logs[i] = (Math.max(value, least) + 4) / 4;
}

function normaliseBands(data: Float32Array, bands: number, leastLogs: Float64Array): void {
  const frames = data.length / bands;
  for (let band = 0; band < bands; band++) {
    let [sum, squares, most] = [0, 0, Number.NEGATIVE_INFINITY];
    for (let at = band; at < data.length; at += bands) {
      sum += data[at];
      most = Math.max(most, data[at]);
    }
    const mean = sum / frames;
    for (let at = band; at < data.length; at += bands) squares += (data[at] - mean) ** 2;
    const variance = squares / Math.max(1, frames - 1);
    const scale = most < leastLogs[band] ? 0 : 1 / Math.sqrt(variance + 1e-7);
    for (let at = band; at < data.length; at += bands) data[at] = (data[at] - mean) * scale;
  }
}

function requireSound({ windowLength, sampleRate }: MelSpectrogram, samples: Float32Array): void {
  if (samples.length < windowLength) {
    throw new AudioFeatureError(
      "the sound is shorter than one window",
      `${samples.length} samples of ${sampleRate} Hz, a window has ${windowLength}`,
      `give at least ${(windowLength / sampleRate) * 1000} ms`,
    );
  }
  const wrong = samples.findIndex((value) => !Number.isFinite(value));
  if (wrong < 0) return;
  throw new AudioFeatureError(
    "the sound holds samples that are not finite",
    `sample ${wrong} of ${samples.length} is ${samples[wrong]}`,
    "decode the file again, or leave it out",
  );
}
