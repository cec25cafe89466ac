import { joinArrays } from "../../core/join-arrays.js";
import { DataError } from "../../files/errors.js";

/** Sound of one channel. */
export interface Audio {
  /** From -1 to 1. */
  readonly samples: Float32Array;
  /** Samples of one second. */
  readonly sampleRate: number;
}

/** One recording cannot be used: no sound, cut short, empty, of an unknown format. */
export class AudioError extends DataError {}

/** How every advice on a bad recording ends: it may be one of a set, or the only one that a command was given. */
export const orSkip = "or, in training, pass over such recordings with --data.onCorrupt skip";

/** The error for a recording that does not go on as it begins. */
export function damagedSound(name: string, found: string): AudioError {
  return new AudioError(
    "a recording is damaged or cut short",
    `${name}: ${found}`,
    `fetch it again, remove it, ${orSkip}`,
  );
}

const LOWEST_RATE = 4000;
const HIGHEST_RATE = 384_000;

/** @throws AudioError naming `name` for a sample rate that no recording of speech or music has. */
export function requireSampleRate(sampleRate: number, name: string): void {
  if (Number.isInteger(sampleRate) && sampleRate >= LOWEST_RATE && sampleRate <= HIGHEST_RATE) return;
  throw new AudioError(
    "the sample rate cannot be right",
    `${name}: ${sampleRate} samples a second`,
    `give sound of ${LOWEST_RATE} to ${HIGHEST_RATE} samples a second, ${orSkip}`,
  );
}

/** @throws AudioError naming `name` for no samples, and for some that are NaN or infinite; `first` is the number of the first. */
export function requireSamples(samples: Float32Array, name: string, first = 0): void {
  if (samples.length === 0) {
    throw new AudioError("a recording holds no samples", name, `fetch it again, remove it, ${orSkip}`);
  }
  let bad = 0;
  while (bad < samples.length && Number.isFinite(samples[bad])) bad++;
  if (bad === samples.length) return;
  throw new AudioError(
    "a recording holds values that are no numbers",
    `${name}: sample ${first + bad} is ${samples[bad]}`,
    `write it again without NaN and infinity, remove it, ${orSkip}`,
  );
}

/** Pieces of one sound, one after another. */
export function joined(pieces: readonly Float32Array[]): Float32Array {
  return pieces.length === 1 ? pieces[0] : joinArrays(Float32Array, pieces);
}
