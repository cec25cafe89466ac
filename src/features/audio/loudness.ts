import { meanSquare } from "./level.js";

/** Seconds of a block, and from one to the next. */
const [blockSeconds, stepSeconds] = [0.4, 0.1];
/** Blocks below are silence, in LUFS; of the others those count that are not so much quieter than their mean. */
const [absoluteGate, relativeGate] = [-70, -10];
/** So that a tone of 997 Hz at full scale on one channel is -3.01 LUFS. */
const offset = -0.691;

/**
 * Integrated loudness in LUFS of one or two channels: K-weighted, in blocks of 400 ms, gated (ITU-R BS.1770-4, which EBU
 * R128 takes). A sound shorter than a block is one block. Silence is -Infinity.
 */
export function integratedLoudness(channels: readonly Float32Array[], sampleRate: number): number {
  const weighted = channels.map((samples) => kWeighted(samples, sampleRate));
  const block = Math.min(Math.round(blockSeconds * sampleRate), weighted[0].length);
  const step = Math.round(stepSeconds * sampleRate);
  const powers: number[] = [];
  for (let at = 0; at + block <= weighted[0].length; at += step) {
    powers.push(weighted.reduce((sum, samples) => sum + meanSquare(samples.subarray(at, at + block)), 0));
  }
  const loud = powers.filter((power) => loudnessOf(power) > absoluteGate);
  const least = loudnessOf(meanOf(loud)) + relativeGate;
  return loudnessOf(meanOf(loud.filter((power) => loudnessOf(power) > least)));
}

/** What is wrong with a sound, whatever it is a sound of. */
export interface SoundFaults {
  /** The mean of the samples. */
  readonly dc: number;
  /** Samples that lie at full scale beside others that do. */
  readonly clipped: number;
  /** Jumps that nothing around them explains, both ends of the sound included. */
  readonly clicks: number;
}

/** Highest whole number of 16 bits over 2^15. */
const fullScale = 1 - 2 ** -15;
/** A click bends the wave so many times more than what is around it does, and by so much at least. */
const [clickRatio, leastClick] = [8, 0.02];
const clickSeconds = 0.01;

/** Counts what a listener would take for damage in samples from -1 to 1. */
export function soundFaults(samples: Float32Array, sampleRate: number): SoundFaults {
  const isFull = (i: number) => Math.abs(samples[i]) >= fullScale;
  let clipped = 0;
  for (let i = 0; i < samples.length; i++) if (isFull(i) && (isFull(i - 1) || isFull(i + 1))) clipped++;
  const dc = samples.reduce((sum, value) => sum + value, 0) / Math.max(1, samples.length);
  return { dc, clipped, clicks: countClicks(samples, Math.round(clickSeconds * sampleRate)) };
}

function countClicks(samples: Float32Array, reach: number): number {
  const at = (i: number) => samples[i] ?? 0;
  // How much the wave bends at each sample, silence before and behind it included.
  const bends = Float64Array.from({ length: samples.length + 2 }, (_, i) =>
    Math.abs(at(i - 2) - 2 * at(i - 1) + at(i)),
  );
  let clicks = 0;
  for (let i = 0; i < bends.length; i++) {
    if (bends[i] < leastClick) continue;
    let [sum, count] = [0, 0];
    for (let j = Math.max(0, i - reach); j < Math.min(bends.length, i + reach); j++) {
      if (Math.abs(j - i) <= 2) continue;
      sum += bends[j] ** 2;
      count++;
    }
    if (bends[i] <= clickRatio * Math.sqrt(sum / Math.max(1, count))) continue;
    clicks++;
    i += 2; // the same jump
  }
  return clicks;
}

const loudnessOf = (power: number) => offset + 10 * Math.log10(power);
const meanOf = (values: readonly number[]) =>
  values.length === 0 ? 0 : values.reduce((sum, value) => sum + value) / values.length;

/** The head's shelf, then a high-pass filter; their analogue constants as libebur128 has them for any sample rate. */
function kWeighted(samples: Float32Array, sampleRate: number): Float32Array {
  const shelf = shelfFilter(sampleRate, {
    hertz: 1681.974450955533,
    decibels: 3.999843853973347,
    q: 0.7071752369554196,
  });
  const high = highPass(sampleRate, { hertz: 38.13547087602444, q: 0.5003270373238773 });
  return filtered(filtered(samples, shelf), high);
}

/** Coefficients of a filter of second order, that of the output now being 1. */
interface Biquad {
  readonly b: readonly [number, number, number];
  readonly a: readonly [number, number];
}

function shelfFilter(
  rate: number,
  { hertz, decibels, q }: { hertz: number; decibels: number; q: number },
): Biquad {
  const k = Math.tan((Math.PI * hertz) / rate);
  const high = 10 ** (decibels / 20);
  const band = high ** 0.4996667741545416;
  const first = 1 + k / q + k * k;
  const b = [high + (band * k) / q + k * k, 2 * (k * k - high), high - (band * k) / q + k * k];
  return { b: [b[0] / first, b[1] / first, b[2] / first], a: feedback(k, q) };
}

function highPass(rate: number, { hertz, q }: { hertz: number; q: number }): Biquad {
  return { b: [1, -2, 1], a: feedback(Math.tan((Math.PI * hertz) / rate), q) };
}

const feedback = (k: number, q: number): [number, number] => {
  const first = 1 + k / q + k * k;
  return [(2 * (k * k - 1)) / first, (1 - k / q + k * k) / first];
};

function filtered(samples: Float32Array, { b, a }: Biquad): Float32Array {
  let [x1, x2, y1, y2] = [0, 0, 0, 0];
  return samples.map((x) => {
    const y = b[0] * x + b[1] * x1 + b[2] * x2 - a[0] * y1 - a[1] * y2;
    [x1, x2, y1, y2] = [x, x1, y, y1];
    return y;
  });
}
