import { melMagnitudes } from "./mel-magnitudes.js";
import type { MelSpectrogram } from "./mel-settings.js";
import { Stft } from "./stft.js";

/** Real and imaginary parts over a bin's magnitude, so that their variance is about 1 in speech and drums. */
const share = 0.72;
/** A window smears what is loud: a magnitude is not less than this part of the greatest so many frames and bins around. */
const smeared = 0.3;
const around = 2;

/**
 * Spectra as a vocoder sees them: divided by the magnitudes that the mel bands tell, so that loud and quiet places count
 * alike and all of them are of about unit variance.
 */
export class VocoderSpectra {
  private readonly stft: Stft;

  /** Throws `AudioFeatureError` for settings of which no sound can be made. */
  constructor(readonly settings: MelSpectrogram) {
    this.stft = new Stft(settings);
  }

  /** What a spectrum [frames, 2 bins] is divided by: [frames, bins], of a log-mel spectrogram [frames, bands]. */
  scaleOf(mel: Float32Array): Float32Array {
    const { settings, stft } = this;
    const magnitudes = melMagnitudes(mel, settings, 0);
    const least = settings.floor ** (1 / settings.power);
    const greatest = greatestAround(magnitudes, stft.bins);
    return magnitudes.map((value, i) => share * Math.max(value, smeared * greatest[i], least));
  }

  /** The spectrum of samples over `scale`. */
  spectrumOf(samples: Float32Array, scale: Float32Array): Float32Array {
    const { data } = this.stft.forward(samples);
    eachPart(scale, this.stft.bins, (at, by) => {
      data[at] /= by;
    });
    return data;
  }

  /** So many samples, of a spectrum over `scale`. */
  soundOf(spectrum: Float32Array, scale: Float32Array, length: number): Float32Array {
    const data = new Float32Array(spectrum.length);
    eachPart(scale, this.stft.bins, (at, by) => {
      data[at] = spectrum[at] * by;
    });
    return this.stft.inverse(data, length);
  }
}

/** Calls with the place of each real and each imaginary part in a spectrum [frames, 2 bins], and its `scale`. */
function eachPart(scale: Float32Array, bins: number, visit: (at: number, by: number) => void): void {
  for (let row = 0; row < scale.length; row += bins) {
    for (let bin = 0; bin < bins; bin++) {
      visit(2 * row + bin, scale[row + bin]);
      visit(2 * row + bins + bin, scale[row + bin]);
    }
  }
}

/** The greatest of the values [frames, bins] near each. */
function greatestAround(values: Float32Array, bins: number): Float32Array {
  const overBins = new Float32Array(values.length);
  for (let row = 0; row < values.length; row += bins) {
    for (let bin = 0; bin < bins; bin++) {
      const last = Math.min(bins - 1, bin + around);
      let most = 0;
      for (let near = Math.max(0, bin - around); near <= last; near++) {
        if (values[row + near] > most) most = values[row + near];
      }
      overBins[row + bin] = most;
    }
  }
  const greatest = overBins.slice();
  for (let shift = -around; shift <= around; shift++) {
    const from = Math.max(0, -shift * bins);
    const until = values.length - Math.max(0, shift * bins);
    for (let i = from; i < until; i++) {
      if (overBins[i + shift * bins] > greatest[i]) greatest[i] = overBins[i + shift * bins];
    }
  }
  return greatest;
}
