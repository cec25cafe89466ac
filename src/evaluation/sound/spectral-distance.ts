import { Stft } from "../../features/audio/stft.js";

/** Windows, steps and transforms in samples (Yamamoto et al. 2020, table 1). */
const resolutions = [
  { fftSize: 512, hop: 50, windowLength: 240 },
  { fftSize: 1024, hop: 120, windowLength: 600 },
  { fftSize: 2048, hop: 240, windowLength: 1200 },
] as const;
/** Least magnitude under the logarithm, that of Yamamoto et al.'s code. */
const least = Math.sqrt(1e-7);

/** How far the magnitudes of two sounds are from each other. */
export interface SpectralDistance {
  /** The norm of the differences over that of the reference's magnitudes. */
  readonly convergence: number;
  /** The mean absolute difference of their natural logarithms. */
  readonly logMagnitude: number;
  /** The sum of both. */
  readonly distance: number;
}

/**
 * The distance of a sound from a reference of the same length: the mean over three resolutions of short-time Fourier
 * transforms (Yamamoto et al. 2020, equations 4 to 6). Throws `AudioFeatureError` for 600 samples or less.
 */
export function spectralDistance(sound: Float32Array, reference: Float32Array): SpectralDistance {
  const each = resolutions.map((settings) => distanceBy(new Stft(settings), sound, reference));
  const convergence = meanOf(each.map((one) => one.convergence));
  const logMagnitude = meanOf(each.map((one) => one.logMagnitude));
  return { convergence, logMagnitude, distance: convergence + logMagnitude };
}

function distanceBy(stft: Stft, sound: Float32Array, reference: Float32Array) {
  const [found, wanted] = [magnitudes(stft, sound), magnitudes(stft, reference)];
  let [differences, squares, logs] = [0, 0, 0];
  for (let i = 0; i < wanted.length; i++) {
    differences += (found[i] - wanted[i]) ** 2;
    squares += wanted[i] ** 2;
    logs += Math.abs(Math.log(found[i] / wanted[i]));
  }
  return { convergence: Math.sqrt(differences / squares), logMagnitude: logs / wanted.length };
}

function magnitudes(stft: Stft, samples: Float32Array): Float32Array {
  const { data, bins } = stft.forward(samples);
  const values = new Float32Array(data.length / 2);
  for (let i = 0; i < values.length; i++) {
    const at = i + bins * Math.floor(i / bins);
    values[i] = Math.max(least, Math.sqrt(data[at] ** 2 + data[at + bins] ** 2));
  }
  return values;
}

const meanOf = (values: readonly number[]) => values.reduce((sum, value) => sum + value) / values.length;
