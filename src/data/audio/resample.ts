import { AudioError, joined } from "./audio.js";
import { DOT_LANES, type DotProduct, dotProductOver } from "./dot-product.js";

/** Of half the lower rate: what is kept as it is. Above half the lower rate nothing is left. */
const KEPT = 0.9;
/** How far below the sound aliases and images are. */
const STOPBAND_DB = 110;
const HIGHEST_TERM = 2 ** 20;
/** Between more places than these in a sample of the lower rate, filters are interpolated: errors of less than -115 dB. */
const MOST_FILTERS = 1024;
const MOST_BANKS = 8;
/** Samples that are filtered at once. */
const PIECE = 2 ** 14;
const PAGE_BYTES = 2 ** 16;

/** The samples at another rate, all at once; see `Resampler`. Rates that are equal give the samples themselves. */
export function resample(samples: Float32Array, from: number, to: number): Float32Array {
  if (from === to) return samples;
  const resampler = new Resampler(from, to);
  return joined([resampler.push(samples), resampler.end()]);
}

/**
 * Sound at another rate, piece after piece: round(n to / from) samples in all, none delayed, silence around them. A bank of
 * windowed sincs, one for each place that a new sample can have between two old ones; Kaiser's window for 110 dB with a
 * passband up to 0.9 of half the lower rate. [Kaiser 1974; Crochiere and Rabiner 1983; Smith, Digital Audio Resampling]
 */
export class Resampler {
  private readonly bank: Bank;
  /** What the filter of the next sample begins with: at first silence, as the first sample is its middle. */
  private held: Float32Array;
  /** How far behind the middle of its filter the next sample is, in shares of `bank.to`. */
  private phase = 0;
  private taken = 0;
  private made = 0;

  /** Throws `AudioError` for rates that are none, and for a ratio of larger terms than any two rates have. */
  constructor(from: number, to: number) {
    this.bank = bankOf(...ratioOf(from, to));
    this.held = new Float32Array(this.bank.taps / 2 - 1);
  }

  /** Takes the next samples, and gives those that they settle. */
  push(samples: Float32Array): Float32Array {
    const { from, to, taps } = this.bank;
    const whole = this.held.length + samples.length - taps + 1; // places where a filter fits
    const count = Math.max(0, Math.ceil((whole * to - this.phase) / from));
    const resampled = new Float32Array(count);
    for (let at = 0, filled = 0; at < samples.length; at += PIECE) {
      filled += this.filter(samples.subarray(at, at + PIECE), resampled.subarray(filled));
    }
    this.taken += samples.length;
    this.made += count;
    return resampled;
  }

  /** The sound is over: gives the samples that are missing. */
  end(): Float32Array {
    const { from, to, taps } = this.bank;
    const missing = Math.round((this.taken * to) / from) - this.made;
    return this.push(new Float32Array(taps)).subarray(0, missing);
  }

  /** Fills `resampled` as far as the samples suffice, and says how far. */
  private filter(samples: Float32Array, resampled: Float32Array): number {
    const { from, to, taps, places, window, windowAt, dot } = this.bank;
    window.set(this.held);
    window.set(samples, this.held.length);
    const length = this.held.length + samples.length;
    const [whole, part] = [Math.floor(from / to), from % to];
    let [start, phase, filled] = [0, this.phase, 0];
    for (; start + taps <= length; filled++) {
      const place = (phase * places) / to;
      const filter = Math.floor(place);
      const [first, second] = [4 * filter * taps, 4 * (filter + 1) * taps];
      const value = dot(first, windowAt + 4 * start, second);
      const share = place - filter;
      resampled[filled] =
        share === 0 ? value : value + share * (dot(second, windowAt + 4 * start, second + 4 * taps) - value);
      phase += part;
      start += whole + (phase < to ? 0 : 1);
      phase -= phase < to ? 0 : to;
    }
    this.phase = phase;
    this.held = window.slice(start, length);
    return filled;
  }
}

/** Filters for `places` places between two samples and for the next sample, [places + 1, taps], and samples behind them. */
interface Bank {
  /** The rates in their lowest terms. */
  readonly from: number;
  readonly to: number;
  readonly places: number;
  readonly taps: number;
  readonly window: Float32Array;
  /** Its first byte in the memory. */
  readonly windowAt: number;
  readonly dot: DotProduct;
}

const banks = new Map<string, Bank>();

function bankOf(from: number, to: number): Bank {
  const name = `${from}:${to}`;
  const bank = banks.get(name) ?? makeBank(from, to);
  if (banks.size >= MOST_BANKS) banks.clear();
  banks.set(name, bank);
  return bank;
}

function makeBank(from: number, to: number): Bank {
  const band = Math.min(1, to / from);
  const width = (1 - KEPT) * band;
  const taps = DOT_LANES * Math.ceil((STOPBAND_DB - 7.95) / (2.285 * Math.PI * width) / DOT_LANES);
  const places = Math.min(to, Math.ceil(MOST_FILTERS * band));
  const windowAt = 4 * (places + 1) * taps;
  const bytes = windowAt + 4 * (taps + PIECE);
  const memory = new WebAssembly.Memory({ initial: Math.ceil(bytes / PAGE_BYTES) });
  fillFilters(new Float32Array(memory.buffer, 0, windowAt / 4), taps, places, band - width / 2);
  const window = new Float32Array(memory.buffer, windowAt, taps + PIECE);
  return { from, to, places, taps, window, windowAt, dot: dotProductOver(memory) };
}

function fillFilters(filters: Float32Array, taps: number, places: number, cutoff: number): void {
  const [half, beta] = [taps / 2, 0.1102 * (STOPBAND_DB - 8.7)];
  const height = bessel(beta);
  for (let place = 0; place <= places; place++) {
    for (let tap = 0; tap < taps; tap++) {
      const time = place / places + half - 1 - tap;
      const window = bessel(beta * Math.sqrt(Math.max(0, 1 - (time / half) ** 2))) / height;
      filters[place * taps + tap] = cutoff * sinc(cutoff * time) * window;
    }
  }
}

function sinc(x: number): number {
  return x === 0 ? 1 : Math.sin(Math.PI * x) / (Math.PI * x);
}

/** The modified Bessel function of order 0, by its series. */
function bessel(x: number): number {
  let [sum, term] = [1, 1];
  for (let k = 1; term > 1e-18 * sum; k++) {
    term *= (x / (2 * k)) ** 2;
    sum += term;
  }
  return sum;
}

/** The rates in their lowest terms. */
function ratioOf(from: number, to: number): [number, number] {
  const areRates = [from, to].every((rate) => Number.isSafeInteger(rate) && rate > 0);
  const divisor = areRates ? greatestCommonDivisor(from, to) : 1;
  const ratio: [number, number] = [from / divisor, to / divisor];
  if (areRates && Math.max(...ratio) <= HIGHEST_TERM) return ratio;
  throw new AudioError(
    "sound cannot be brought to another sample rate",
    `${from} to ${to} samples a second`,
    `give whole rates whose ratio has terms of at most ${HIGHEST_TERM}`,
  );
}

function greatestCommonDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestCommonDivisor(b, a % b);
}
