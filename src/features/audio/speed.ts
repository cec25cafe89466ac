import { AudioFeatureError } from "./errors.js";

/** Zero crossings of the sinc to each side, and entries of its table from one to the next. */
const CROSSINGS = 24;
const STEPS = 512;
/** Where the filter has fallen by half, of the frequency from which on sound would fold back. */
const ROLL_OFF = 0.95;

/** Half a sinc under a Blackman window; a value more, for the interpolation at the end. */
const kernel = Float64Array.from({ length: CROSSINGS * STEPS + 2 }, (_, i) => {
  const at = Math.PI * (i / STEPS);
  const turn = at / CROSSINGS;
  if (turn > Math.PI) return 0;
  return (0.42 + 0.5 * Math.cos(turn) + 0.08 * Math.cos(2 * turn)) * (i === 0 ? 1 : Math.sin(at) / at);
});

/**
 * Sound played `factor` times as fast: round(n / factor) samples, pitch and tempo changed together (Ko et al., "Audio
 * augmentation for speech recognition", 2015, with factors 0.9, 1 and 1.1), interpolated by a sinc under a window
 * (Smith and Gossett, 1984). What would lie above half the sample rate is filtered away.
 * @throws AudioFeatureError for a factor outside 0.5 to 2.
 */
export function changeSpeed(samples: Float32Array, factor: number): Float32Array {
  if (!(factor >= 0.5 && factor <= 2)) {
    throw new AudioFeatureError("the speed cannot be changed like that", `factor ${factor}`, "give 0.5 to 2");
  }
  if (factor === 1) return samples.slice();
  const cutoff = ROLL_OFF * Math.min(1, 1 / factor);
  const reach = CROSSINGS / cutoff;
  return Float32Array.from({ length: Math.round(samples.length / factor) }, (_, i) => {
    const centre = i * factor;
    const last = Math.min(samples.length - 1, Math.floor(centre + reach));
    let sum = 0;
    for (let at = Math.max(0, Math.ceil(centre - reach)); at <= last; at++) {
      const place = Math.abs(at - centre) * cutoff * STEPS;
      const below = Math.floor(place);
      sum += samples[at] * (kernel[below] + (place - below) * (kernel[below + 1] - kernel[below]));
    }
    return cutoff * sum;
  });
}
