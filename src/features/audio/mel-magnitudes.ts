import { AudioFeatureError } from "./errors.js";
import { melFilters } from "./mel-filters.js";
import type { MelSpectrogram } from "./mel-settings.js";

/**
 * Magnitudes [frames, bins] whose mel bands are nearest to a log-mel spectrogram [frames, bands]: least squares
 * among what is not negative, by `steps` that multiply (Lee and Seung 2000), from where each band is spread evenly.
 * @throws AudioFeatureError for settings of which no spectrum can be had again.
 */
export function melMagnitudes(mel: Float32Array, settings: MelSpectrogram, steps = 50): Float32Array {
  requireInvertible(settings);
  const { bands, fftSize, power } = settings;
  const bins = fftSize / 2 + 1;
  const filters = sparseFilters(settings);
  const frames = mel.length / bands;
  const magnitudes = new Float32Array(frames * bins);
  for (let frame = 0; frame < frames; frame++) {
    const wanted = Float64Array.from(mel.subarray(frame * bands, (frame + 1) * bands), Math.exp);
    const energies = leastSquares(wanted, filters, bins, steps);
    for (let bin = 0; bin < bins; bin++) magnitudes[frame * bins + bin] = energies[bin] ** (1 / power);
  }
  return magnitudes;
}

/** The weights of a band that are not 0, and the bin where they begin. */
interface Filter {
  readonly start: number;
  readonly weights: Float64Array;
}

const known = new WeakMap<MelSpectrogram, readonly Filter[]>();

function sparseFilters(settings: MelSpectrogram): readonly Filter[] {
  const filters = known.get(settings) ?? melFilters(settings).map(sparse);
  known.set(settings, filters);
  return filters;
}

function sparse(filter: Float64Array): Filter {
  const start = Math.max(0, filter.findIndex((weight) => weight > 0));
  return { start, weights: filter.slice(start, 1 + filter.findLastIndex((weight) => weight > 0)) };
}

/** The x [bins] >= 0 for which filters x is nearest to `wanted`. */
function leastSquares(
  wanted: Float64Array,
  filters: readonly Filter[],
  bins: number,
  steps: number,
): Float64Array {
  const towards = transposed(wanted, filters, bins);
  const spread = transposed(
    Float64Array.from(filters, ({ weights }) => weights.reduce((sum, weight) => sum + weight, 0)),
    filters,
    bins,
  );
  const x = towards.map((value, bin) => (value === 0 ? 0 : value / spread[bin]));
  const reached = new Float64Array(filters.length);
  for (let step = 0; step < steps; step++) {
    for (const [band, { start, weights }] of filters.entries()) {
      let sum = 0;
      for (let i = 0; i < weights.length; i++) sum += weights[i] * x[start + i];
      reached[band] = sum;
    }
    const back = transposed(reached, filters, bins);
    for (let bin = 0; bin < bins; bin++) if (back[bin] > 0) x[bin] *= towards[bin] / back[bin];
  }
  return x;
}

function transposed(values: Float64Array, filters: readonly Filter[], bins: number): Float64Array {
  const sums = new Float64Array(bins);
  for (const [band, { start, weights }] of filters.entries()) {
    for (let i = 0; i < weights.length; i++) sums[start + i] += weights[i] * values[band];
  }
  return sums;
}

function requireInvertible({ window, preemphasis, removeDc, scale, padding, dropLast, log, normalisation }: MelSpectrogram) {
  const isPlain = window === "hann" && preemphasis === 0 && !removeDc && scale === 1;
  const isWhole = padding === "reflect" && !dropLast && log === "ln" && normalisation === "none";
  if (isPlain && isWhole) return;
  throw new AudioFeatureError(
    "no sound can be made of this kind of mel spectrogram",
    JSON.stringify({ window, preemphasis, removeDc, scale, padding, dropLast, log, normalisation }),
    "use the settings that slaneyMel gives",
  );
}
