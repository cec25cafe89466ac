/** Which note a sound is of. */
import { powerSpectrum } from "../../features/audio/power-spectrum.js";

const semitonesOf: Readonly<Record<string, number>> = { C: 0, D: 2, E: 4, F: 5, G: 7, A: 9, B: 11 };
/** In semitones as MIDI counts them: the keys of a piano, and half a semitone on both sides. */
const [lowest, highest] = [20.5, 108.5];
const step = 0.1;
const harmonics = 12;
/** Of each harmonic beside the one below it. [Hermes 1988] */
const decay = 0.84;
/** As a share of a frequency, how far on both sides its strongest bin is looked for: half a step. */
const tolerance = 0.003;
/** Strings are stiff: by so much of a frequency the highest harmonic lies above where it should be. */
const stretch = 0.006;
const longestSeconds = 1;
/** Of powers: with roots of magnitudes (0.25) the noise under high notes, which have few harmonics, adds up to more than they. */
const compression = 0.35;

/** The number of a note as MIDI counts, such as 60 for "C4" and 63 for "D#4" or "Eb4"; undefined for no note. */
export function noteNumber(name: string): number | undefined {
  const [, letter, sign = "", octave] = /^([A-G])([#♯b♭]?)(-?\d)$/.exec(name.normalize("NFC")) ?? [];
  if (letter === undefined) return undefined;
  const raised = { "": 0, "#": 1, "♯": 1, b: -1, "♭": -1 }[sign]!;
  return 12 * (Number(octave) + 1) + semitonesOf[letter] + raised;
}

/**
 * The pitch of the first second of a sound in semitones, 69 for 440 Hz, to a tenth: the one whose harmonics stand out
 * most from what lies between them, by subharmonic summation over compressed magnitudes [Hermes 1988], with the sum
 * half a harmonic further taken away, so that noise and the octaves beside a note count for nothing. NaN for silence.
 */
export function pitchOf(samples: Float32Array, sampleRate: number): number {
  const length = Math.min(samples.length, Math.round(longestSeconds * sampleRate));
  const size = 2 ** Math.ceil(Math.log2(2 * Math.max(length, sampleRate)));
  const frame = new Float64Array(size);
  for (let i = 0; i < length; i++) frame[i] = samples[i] * (0.5 - 0.5 * Math.cos((2 * Math.PI * i) / length));
  const heights = powerSpectrum(size)(frame).map((power) => power ** compression);
  let [best, most] = [Number.NaN, 0];
  for (let pitch = lowest; pitch <= highest; pitch += step) {
    const sum = harmonicSum(heights, (440 * 2 ** ((pitch - 69) / 12) * size) / sampleRate);
    if (sum > most) [best, most] = [pitch, sum];
  }
  return best;
}

/** Of bins at multiples of `bin`, less those halfway between them, as far as there are any. */
function harmonicSum(heights: Float64Array, bin: number): number {
  let sum = 0;
  for (let harmonic = 1; harmonic <= harmonics; harmonic++) {
    const middle = harmonic * bin * (1 + stretch * (harmonic / harmonics) ** 2);
    if (middle + bin / 2 >= heights.length) break;
    const between = (strongest(heights, middle - bin / 2) + strongest(heights, middle + bin / 2)) / 2;
    sum += decay ** (harmonic - 1) * (strongest(heights, middle) - between);
  }
  return sum;
}

function strongest(heights: Float64Array, middle: number): number {
  const last = Math.min(heights.length - 1, Math.round(middle * (1 + tolerance)));
  let most = 0;
  for (let bin = Math.round(middle * (1 - tolerance)); bin <= last; bin++)
    most = Math.max(most, heights[bin]);
  return most;
}
