import { AudioFeatureError } from "./errors.js";
import { melFilters } from "./mel-filters.js";
import type { MelSpectrogram } from "./mel-settings.js";
import type { Spectrogram } from "./stft.js";

/** Numbers that get ever smaller would become slow ones. */
const least = 1e-30;

/**
 * Magnitudes [frames, bins] whose mel bands are nearest to a log-mel spectrogram [frames, bands]: least squares
 * among what is not negative, by `steps` that multiply (Lee and Seung 2000), from where each band is spread evenly.
 * @throws AudioFeatureError for settings of which no spectrum can be had again.
 */
export function melMagnitudes(mel: Float32Array, settings: MelSpectrogram, steps = 20): Float32Array {
  requireInvertible(settings);
  const { bands, power } = settings;
  const filters = weightsOf(settings);
  const { bins } = filters;
  const frames = mel.length / bands;
  const magnitudes = new Float32Array(frames * bins);
  for (let frame = 0; frame < frames; frame++) {
    const wanted = Float64Array.from(mel.subarray(frame * bands, (frame + 1) * bands), Math.exp);
    const energies = leastSquares(wanted, filters, steps);
    for (let bin = 0; bin < bins; bin++) {
      magnitudes[frame * bins + bin] = power === 1 ? energies[bin] : Math.sqrt(energies[bin]);
    }
  }
  return magnitudes;
}

/** Natural logarithms of these magnitudes, none below that of the floor of a band. Throws as `melMagnitudes` does. */
export function roughLogs(mel: Float32Array, settings: MelSpectrogram): Float32Array {
  const least = leastMagnitude(settings);
  return melMagnitudes(mel, settings).map((value) => Math.log(Math.max(least, value)));
}

/** Those of the magnitudes [frames, bins] that a spectrum has. */
export function logMagnitudes({ data, bins }: Spectrogram, settings: MelSpectrogram): Float32Array {
  const least = leastMagnitude(settings);
  return Float32Array.from({ length: data.length / 2 }, (_, i) => {
    const at = i + bins * Math.floor(i / bins);
    return Math.log(Math.max(least, Math.hypot(data[at], data[at + bins])));
  });
}

const leastMagnitude = ({ floor, power }: MelSpectrogram) => floor ** (1 / power);

/** The weights of `melFilters` that are not 0, band after band. */
export interface MelWeights {
  readonly bins: number;
  readonly bandOf: Int32Array;
  readonly binOf: Int32Array;
  readonly weights: Float64Array;
  /** Of each bin: its weights, times all weights of their bands. */
  readonly spread: Float64Array;
}

const known = new WeakMap<MelSpectrogram, MelWeights>();

/** Computed once for all sounds. */
export function weightsOf(settings: MelSpectrogram): MelWeights {
  const found = known.get(settings) ?? filtersOf(settings);
  known.set(settings, found);
  return found;
}

function filtersOf(settings: MelSpectrogram): MelWeights {
  const bins = settings.fftSize / 2 + 1;
  const filters = melFilters(settings);
  const entries = filters.flatMap((filter, band) =>
    [...filter.entries()].flatMap(([bin, weight]) => (weight > 0 ? [{ band, bin, weight }] : [])),
  );
  const sums = filters.map((filter) => filter.reduce((sum, weight) => sum + weight, 0));
  const spread = new Float64Array(bins);
  for (const { band, bin, weight } of entries) spread[bin] += weight * sums[band];
  return {
    bins,
    bandOf: Int32Array.from(entries, ({ band }) => band),
    binOf: Int32Array.from(entries, ({ bin }) => bin),
    weights: Float64Array.from(entries, ({ weight }) => weight),
    spread,
  };
}

/** The x [bins] >= 0 for which filters x is nearest to `wanted`. */
function leastSquares(wanted: Float64Array, filters: MelWeights, steps: number): Float64Array {
  const { bins, bandOf, binOf, weights, spread } = filters;
  const towards = new Float64Array(bins);
  for (let i = 0; i < weights.length; i++) towards[binOf[i]] += weights[i] * wanted[bandOf[i]];
  const x = towards.map((value, bin) => (value === 0 ? 0 : value / spread[bin]));
  const reached = new Float64Array(wanted.length);
  const back = new Float64Array(bins);
  for (let step = 0; step < steps; step++) {
    reached.fill(0);
    back.fill(0);
    for (let i = 0; i < weights.length; i++) reached[bandOf[i]] += weights[i] * x[binOf[i]];
    for (let i = 0; i < weights.length; i++) back[binOf[i]] += weights[i] * reached[bandOf[i]];
    for (let bin = 0; bin < bins; bin++)
      if (back[bin] > 0) x[bin] = Math.max(least, (x[bin] * towards[bin]) / back[bin]);
  }
  return x;
}

function requireInvertible(settings: MelSpectrogram): void {
  const { window, preemphasis, removeDc, scale, padding, dropLast, log, normalisation } = settings;
  const isPlain = window === "hann" && preemphasis === 0 && !removeDc && scale === 1;
  const isWhole = padding === "reflect" && !dropLast && log === "ln" && normalisation === "none";
  if (isPlain && isWhole) return;
  throw new AudioFeatureError(
    "no sound can be made of this kind of mel spectrogram",
    JSON.stringify({ window, preemphasis, removeDc, scale, padding, dropLast, log, normalisation }),
    "use the settings that slaneyMel gives",
  );
}
