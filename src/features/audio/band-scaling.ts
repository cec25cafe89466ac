/** Mel bands brought to mean 0 and deviation 1 by numbers that are taken once, of what is learned from. */

/** Of each band, in logarithms. */
export interface BandScaling {
  readonly mean: readonly number[];
  readonly deviation: readonly number[];
}

/**
 * Least deviation of a band, in logarithms: one that holds next to nothing, such as those above 4 kHz of sound that was
 * resampled from 8 kHz, is not blown up.
 */
const leastDeviation = 1;

/** Mean and deviation of each band over spectrograms [bands, frames]. Of none, bands stay as they are. */
export class BandStatistics {
  private readonly sums: Float64Array;
  private readonly squares: Float64Array;
  private frames = 0;

  constructor(private readonly bands: number) {
    this.sums = new Float64Array(bands);
    this.squares = new Float64Array(bands);
  }

  /** Takes a spectrogram [bands, frames]. */
  add(mel: Float32Array): void {
    const frames = mel.length / this.bands;
    this.frames += frames;
    for (const [i, value] of mel.entries()) {
      const band = Math.floor(i / frames);
      this.sums[band] += value;
      this.squares[band] += value * value;
    }
  }

  /** What it has seen. */
  scaling(): BandScaling {
    const count = Math.max(1, this.frames);
    const mean = Array.from(this.sums, (sum) => sum / count);
    const deviation = Array.from(this.squares, (square, band) =>
      Math.max(leastDeviation, Math.sqrt(Math.max(0, square / count - mean[band] ** 2))),
    );
    return { mean, deviation };
  }
}

/** A spectrogram [bands, frames] in deviations from the mean. */
export function scaleBands(mel: Float32Array, { mean, deviation }: BandScaling): Float32Array {
  const frames = mel.length / mean.length;
  return mel.map((value, i) => {
    const band = Math.floor(i / frames);
    return (value - mean[band]) / deviation[band];
  });
}

/** The spectrogram that `scaleBands` made this of. */
export function unscaleBands(scaled: Float32Array, { mean, deviation }: BandScaling): Float32Array {
  const frames = scaled.length / mean.length;
  return scaled.map((value, i) => {
    const band = Math.floor(i / frames);
    return value * deviation[band] + mean[band];
  });
}
