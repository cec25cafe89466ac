/** Griffin and Lim's method as a graph: what a client without our code makes sound with. */
import { constant, type Tensor } from "../core/graph/tensor.js";
import { add, div, exp, maximum, mul, sqrt, sub } from "../core/ops/elementwise.js";
import { gather } from "../core/ops/gather.js";
import { matmul } from "../core/ops/matmul.js";
import { reshape, sum } from "../core/ops/movement.js";
import { concat, pad, split } from "../core/ops/slice.js";
import { fillNormal, type RandomStream } from "../core/random.js";
import { melFilters } from "../features/audio/mel-filters.js";
import type { MelSpectrogram } from "../features/audio/mel-settings.js";
import { hannWindow } from "../features/audio/stft.js";

/** How sound is sought. */
export interface GriffinLimGraphOptions {
  /** Of each spectrogram. */
  readonly frames: number;
  readonly iterations: number;
  /** Of the phases that every sound begins with. */
  readonly random: RandomStream;
}

const momentum = 0.99;
/** Of multiplications that find magnitudes, as `melMagnitudes` takes them. */
const magnitudeSteps = 20;
const least = 1e-12;

/**
 * Samples [n, (frames - 1) hop] of log-mel spectrograms [n, frames, bands]: what `griffinLim` finds from the same phases. For
 * the settings that `slaneyMel` gives.
 */
export function griffinLimGraph(
  logs: Tensor<"n t m">,
  settings: MelSpectrogram,
  { frames, iterations, random }: GriffinLimGraphOptions,
): Tensor<"n s"> {
  const bins = settings.fftSize / 2 + 1;
  const magnitudes = melMagnitudesGraph(exp(logs), settings);
  const [forward, inverse] = transforms(settings, frames);
  const phases = new Float32Array(frames * 2 * bins);
  fillNormal(phases, random, 1);

  /** The spectrum with these magnitudes and its own phases. */
  const projected = (spectrum: Tensor) => {
    const [real, imaginary] = split(spectrum, 2, 2);
    const size = sqrt(add(mul(real, real), mul(imaginary, imaginary)));
    const scale = div(magnitudes, maximum(size, least));
    return concat([mul(real, scale), mul(imaginary, scale)], 2);
  };

  let estimate = projected(constant(phases, [1, frames, 2 * bins]));
  let before: Tensor | undefined;
  for (let iteration = 0; iteration < iterations; iteration++) {
    const reached = forward(inverse(estimate));
    const beyond = before ? add(reached, mul(sub(reached, before), momentum)) : reached;
    before = reached;
    estimate = projected(beyond);
  }
  return inverse(estimate);
}

/** `melMagnitudes` of bands [n, t, m]: [n, t, bins]. */
function melMagnitudesGraph(bands: Tensor, settings: MelSpectrogram): Tensor {
  const filters = melFilters(settings);
  const bins = settings.fftSize / 2 + 1;
  const flat = filters.flatMap((filter) => Array.from(filter));
  const down = constant(flat, [filters.length, bins]);
  const up = constant(
    Array.from(
      { length: flat.length },
      (_, i) => filters[i % filters.length][Math.floor(i / filters.length)],
    ),
    [bins, filters.length],
  );
  const sums = filters.map((filter) => filter.reduce((total, weight) => total + weight, 0));
  const spread = Array.from({ length: bins }, (_, bin) =>
    filters.reduce((total, filter, band) => total + filter[bin] * sums[band], 0),
  );
  const towards = matmul(bands, down);
  let x: Tensor = mul(towards, constant(spread.map((value) => (value > 0 ? 1 / value : 0))));
  for (let step = 0; step < magnitudeSteps; step++) {
    const back = matmul(matmul(x, up), down);
    x = div(mul(x, towards), maximum(back, 1e-30));
  }
  return settings.power === 1 ? x : sqrt(x);
}

/** The short-time Fourier transform [n, s] to [n, t, 2 bins] as `Stft` has it, and its inverse. */
function transforms(settings: MelSpectrogram, frames: number) {
  const { windowLength, hop, fftSize } = settings;
  const bins = fftSize / 2 + 1;
  const length = (frames - 1) * hop;
  const window = Array.from(hannWindow(windowLength));
  const turn = (bin: number, at: number) => (2 * Math.PI * ((bin * at) % fftSize)) / fftSize;
  const analysis = Array.from({ length: windowLength * 2 * bins }, (_, i) => {
    const [at, part] = [Math.floor(i / (2 * bins)), i % (2 * bins)];
    return window[at] * (part < bins ? Math.cos(turn(part, at)) : -Math.sin(turn(part - bins, at)));
  });
  const synthesis = Array.from({ length: 2 * bins * windowLength }, (_, i) => {
    const [part, at] = [Math.floor(i / windowLength), i % windowLength];
    const bin = part % bins;
    const share = (bin === 0 || bin === bins - 1 ? 1 : 2) / fftSize;
    return window[at] * share * (part < bins ? Math.cos(turn(bin, at)) : -Math.sin(turn(bin, at)));
  });
  const starts = Array.from({ length: frames }, (_, frame) => frame * hop - windowLength / 2);
  const mirrored = (at: number) => (Math.abs(at) < length ? Math.abs(at) : 2 * (length - 1) - Math.abs(at));
  const framed = starts.flatMap((start) => window.map((_, i) => mirrored(start + i)));
  const { sources, overlap, weights } = overlapping(starts, window, length);

  const forward = (samples: Tensor) => {
    const cut = gather(samples, constant(framed, [frames, windowLength], "int64"), 1);
    return matmul(cut, constant(analysis, [windowLength, 2 * bins]));
  };
  const inverse = (spectrum: Tensor): Tensor<"n s"> => {
    const pieces = matmul(spectrum, constant(synthesis, [2 * bins, windowLength]));
    const flat = pad(reshape(pieces, [pieces.shape[0], frames * windowLength]), 1, 0, 1);
    const over = gather(flat, constant(sources, [overlap, length], "int64"), 1);
    return div(sum(over, [1]), constant(weights));
  };
  return [forward, inverse] as const;
}

/** Where each sample's parts lie in windows end to end, behind all of which there is a zero, and the sum of their squares. */
function overlapping(starts: readonly number[], window: readonly number[], length: number) {
  const parts: number[][] = Array.from({ length }, () => []);
  for (const [frame, start] of starts.entries()) {
    for (let i = Math.max(0, -start); i < Math.min(window.length, length - start); i++) {
      parts[start + i].push(frame * window.length + i);
    }
  }
  const overlap = Math.max(...parts.map((part) => part.length));
  const zero = starts.length * window.length;
  return {
    overlap,
    sources: Array.from(
      { length: overlap * length },
      (_, i) => parts[i % length][Math.floor(i / length)] ?? zero,
    ),
    weights: parts.map((part) =>
      Math.max(
        1e-8,
        part.reduce((total, at) => total + window[at % window.length] ** 2, 0),
      ),
    ),
  };
}
