/** Spectrograms as pictures, to see what is to be heard. */
import { Stft } from "../../features/audio/stft.js";
import type { Picture } from "../images/pictures.js";

/** Of a window: finer than what sounds are made of, so that what is wrong with them shows. */
const windowSeconds = 0.032;
/** From black to the loudest place. */
const decibels = 80;
/** Columns of a picture at most: longer sounds have wider steps. */
const mostColumns = 1600;
const gap = 4;

/** From silent to loud; between these, colours are mixed. */
const colours = [
  [0, 0, 4],
  [81, 18, 124],
  [183, 55, 121],
  [252, 137, 97],
  [252, 253, 191],
] as const;

/** Spectrograms of sounds of one rate below each other, low frequencies below, in decibels under the loudest of all. */
export function spectrogramPicture(sounds: readonly Float32Array[], sampleRate: number): Picture {
  const fftSize = 2 ** Math.ceil(Math.log2(windowSeconds * sampleRate));
  const longest = Math.max(...sounds.map(({ length }) => length));
  const hop = Math.min(fftSize / 2, Math.max(fftSize / 8, Math.ceil(longest / mostColumns)));
  const stft = new Stft({ fftSize, windowLength: fftSize, hop });
  const spectra = sounds.map((samples) => stft.forward(samples));
  const { bins } = stft;
  const powers = spectra.map(({ data }) =>
    Float32Array.from({ length: data.length / 2 }, (_, i) => {
      const at = i + bins * Math.floor(i / bins);
      return data[at] ** 2 + data[at + bins] ** 2;
    }),
  );
  const loudest = powers.reduce((most, values) => values.reduce((a, b) => Math.max(a, b), most), 1e-12);
  const width = stft.framesOf(longest);
  const height = sounds.length * (bins + gap) - gap;
  const pixels = new Uint8Array(3 * height * width).fill(255);
  for (const [number, values] of powers.entries()) {
    for (const [i, power] of values.entries()) {
      const [frame, bin] = [Math.floor(i / bins), i % bins];
      const row = number * (bins + gap) + bins - 1 - bin;
      const share = 1 + (10 * Math.log10(Math.max(1e-20, power / loudest))) / decibels;
      colourOf(Math.max(0, share)).forEach((value, channel) => {
        pixels[(channel * height + row) * width + frame] = value;
      });
    }
  }
  return { pixels, channels: 3, height, width };
}

function colourOf(share: number): number[] {
  const place = Math.min(share, 1) * (colours.length - 1);
  const below = Math.min(colours.length - 2, Math.floor(place));
  return colours[below].map((value, i) => value + (place - below) * (colours[below + 1][i] - value));
}
