/** Sound of mel bands, and of the finer magnitudes that are likely behind them. */
import type { RandomStream } from "../../core/random.js";
import { type MelWeights, weightsOf } from "../../features/audio/mel-magnitudes.js";
import type { MelSpectrogram } from "../../features/audio/mel-settings.js";
import { Stft } from "../../features/audio/stft.js";

/** How sound is sought. */
export interface FollowOptions {
  readonly iterations: number;
  /** Samples that are wanted. */
  readonly length: number;
  /** Of the phases that it begins with. */
  readonly random: RandomStream;
}

/** How far a step goes beyond the last one, at the start and at the end. */
const [firstMomentum, lastMomentum] = [0.99, 0.9];
/** How much of the way to its likely magnitude a bin is taken at first; at the end it is none. */
const firstPull = 0.5;
/** The most that a bin is changed at once, in natural logarithms. */
const mostGain = 1.5;

/**
 * Samples of a log-mel spectrogram [frames, bands] from random phases, by Griffin and Lim's method with momentum (Perraudin et
 * al. 2013). A step takes each bin to its likely magnitude, of which the natural logarithm is in `logs` [frames, bins], ever
 * less so, and then as far as its bands lack. Throws `AudioFeatureError` for settings of which no sound can be made.
 */
export function followBands(
  logs: Float32Array,
  mel: Float32Array,
  settings: MelSpectrogram,
  { iterations, length, random }: FollowOptions,
): Float32Array {
  const stft = new Stft(settings);
  const scale = rowScaler(settings);
  const { bins } = stft;
  let before: Float32Array | undefined;
  let data = randomPhases(logs, bins, random);
  for (let step = 0; step < iterations; step++) {
    const done = step / iterations;
    const reached = stft.forward(stft.inverse(data, length)).data;
    data = beyond(reached, before ?? reached, firstMomentum + done * (lastMomentum - firstMomentum));
    before = reached;
    for (let frame = 0; frame * bins < logs.length; frame++) {
      scale(
        data.subarray(frame * 2 * bins, (frame + 1) * 2 * bins),
        logs.subarray(frame * bins, (frame + 1) * bins),
        mel.subarray(frame * settings.bands, (frame + 1) * settings.bands),
        firstPull * (1 - done),
      );
    }
  }
  return stft.inverse(data, length);
}

function randomPhases(logs: Float32Array, bins: number, random: RandomStream): Float32Array {
  const spectrum = new Float32Array(2 * logs.length);
  for (const [i, log] of logs.entries()) {
    const at = i + bins * Math.floor(i / bins);
    const turn = 2 * Math.PI * random.uniform();
    spectrum[at] = Math.exp(log) * Math.cos(turn);
    spectrum[at + bins] = Math.exp(log) * Math.sin(turn);
  }
  return spectrum;
}

function beyond(reached: Float32Array, before: Float32Array, momentum: number): Float32Array {
  const values = new Float32Array(reached.length);
  for (let i = 0; i < values.length; i++) values[i] = reached[i] + momentum * (reached[i] - before[i]);
  return values;
}

/** Changes a row of a spectrum [2 bins] towards its likely magnitudes and the bands that are wanted. */
function rowScaler(settings: MelSpectrogram) {
  const { floor, power, bands } = settings;
  const weights = weightsOf(settings);
  const { bins, bandOf, binOf, weights: values } = weights;
  const shares = sharesOf(weights);
  const leastLog = Math.log(floor) / power;
  const least = Math.exp(leastLog);
  const gains = new Float64Array(bins);
  const energies = new Float64Array(bins);
  const lacks = new Float64Array(bands);

  return (row: Float32Array, logs: Float32Array, wanted: Float32Array, pull: number): void => {
    for (let bin = 0; bin < bins; bin++) {
      const size = Math.max(least, Math.sqrt(row[bin] ** 2 + row[bins + bin] ** 2));
      gains[bin] = Math.exp(limited(pull * (Math.max(leastLog, logs[bin]) - Math.log(size))));
      energies[bin] = power === 1 ? size * gains[bin] : (size * gains[bin]) ** 2;
    }
    lacks.fill(0);
    for (let i = 0; i < values.length; i++) lacks[bandOf[i]] += values[i] * energies[binOf[i]];
    for (let band = 0; band < bands; band++) {
      lacks[band] = (wanted[band] - Math.log(Math.max(floor, lacks[band]))) / power;
    }
    energies.fill(0);
    for (let i = 0; i < values.length; i++) energies[binOf[i]] += shares[i] * lacks[bandOf[i]];
    for (let bin = 0; bin < bins; bin++) {
      const gain = gains[bin] * Math.exp(limited(energies[bin]));
      row[bin] *= gain;
      row[bins + bin] *= gain;
    }
  };
}

const limited = (gain: number) => Math.max(-mostGain, Math.min(mostGain, gain));

/** Each weight over the sum of its bin's. */
function sharesOf({ bins, binOf, weights }: MelWeights): Float64Array {
  const sums = new Float64Array(bins);
  for (let i = 0; i < weights.length; i++) sums[binOf[i]] += weights[i];
  return weights.map((weight, i) => weight / sums[binOf[i]]);
}
