import { type MelWeights, weightsOf } from "./mel-magnitudes.js";
import type { MelSpectrogram } from "./mel-settings.js";
import { Stft } from "./stft.js";

/** How far a bin is moved at once, in natural logarithms. */
const mostGain = 1.5;
/** How far a step goes beyond the last one. */
const momentum = 0.9;

/**
 * Samples whose mel bands are nearer to a log-mel spectrogram [frames, bands]: at each step every bin is louder or quieter as
 * its bands are to be, and the sound follows whose spectrum is nearest: Griffin and Lim's method with momentum (Perraudin et al.
 * 2013), but without other magnitudes than the bands'. Throws `AudioFeatureError` for settings of which no sound can be made.
 */
export function towardsMel(
  samples: Float32Array,
  mel: Float32Array,
  settings: MelSpectrogram,
  steps: number,
): Float32Array {
  const weights = weightsOf(settings);
  const sums = weightSums(weights);
  const stft = new Stft(settings);
  let sound = samples;
  let before: Float32Array | undefined;
  for (let step = 0; step < steps; step++) {
    const { data: reached, frames, bins } = stft.forward(sound);
    const data = before ? beyond(reached, before) : reached.slice();
    before = reached;
    for (let frame = 0; frame < frames; frame++) {
      const row = data.subarray(frame * 2 * bins, (frame + 1) * 2 * bins);
      const wanted = mel.subarray(frame * settings.bands, (frame + 1) * settings.bands);
      scaleRow(row, wanted, { weights, sums, settings });
    }
    sound = stft.inverse(data, samples.length);
  }
  return sound;
}

function beyond(reached: Float32Array, before: Float32Array): Float32Array {
  return reached.map((value, i) => value + momentum * (value - before[i]));
}

interface Bands {
  readonly weights: MelWeights;
  /** Of each bin's weights. */
  readonly sums: Float64Array;
  readonly settings: MelSpectrogram;
}

function scaleRow(row: Float32Array, wanted: Float32Array, { weights, sums, settings }: Bands): void {
  const { bins, bandOf, binOf, weights: values } = weights;
  const { floor, power } = settings;
  const energies = new Float64Array(bins);
  for (let bin = 0; bin < bins; bin++) {
    const squared = row[bin] ** 2 + row[bins + bin] ** 2;
    energies[bin] = power === 1 ? Math.sqrt(squared) : squared;
  }
  const found = new Float64Array(wanted.length);
  for (let i = 0; i < values.length; i++) found[bandOf[i]] += values[i] * energies[binOf[i]];
  const lacks = found.map((energy, band) => (wanted[band] - Math.log(Math.max(floor, energy))) / power);
  const gains = new Float64Array(bins);
  for (let i = 0; i < values.length; i++) gains[binOf[i]] += (values[i] / sums[binOf[i]]) * lacks[bandOf[i]];
  for (let bin = 0; bin < bins; bin++) {
    const gain = Math.exp(Math.max(-mostGain, Math.min(mostGain, gains[bin])));
    row[bin] *= gain;
    row[bins + bin] *= gain;
  }
}

function weightSums({ bins, binOf, weights }: MelWeights): Float64Array {
  const sums = new Float64Array(bins);
  for (let i = 0; i < weights.length; i++) sums[binOf[i]] += weights[i];
  return sums;
}
