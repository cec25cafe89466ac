import { AudioError } from "./audio.js";

type Converter = Awaited<ReturnType<typeof import("@alexanderolsen/libsamplerate-js").create>>;

/** What the library takes; only the ratio of the rates counts. */
const HIGHEST_RATE = 192_000;
const PIECE = 2 ** 16;
const SILENCE = new Float32Array(2 ** 12);

/** Making a converter compiles its program anew. */
const converters = new Map<string, Promise<Converter>>();

/**
 * The samples at another rate, by libsamplerate's SINC_MEDIUM_QUALITY: round(n to / from) of them, none delayed.
 * What lies above half the new rate is gone. [Erik de Castro Lopo, libsamplerate]
 * @throws AudioError for rates that are none, and for a ratio that the library does not know.
 */
export async function resample(samples: Float32Array, from: number, to: number): Promise<Float32Array> {
  if (from === to) return samples;
  const [input, output] = ratioOf(from, to);
  const converter = await converterOf(input, output);
  converter.inputSampleRate = input; // begins anew: a converter remembers what it was given last
  const resampled = new Float32Array(Math.round((samples.length * to) / from));
  for (let read = 0, filled = 0; filled < resampled.length; read += PIECE) {
    // Silence after the end brings out what the filter still holds.
    const piece = read < samples.length ? samples.subarray(read, read + PIECE) : SILENCE;
    const made = converter.full(piece);
    resampled.set(made.subarray(0, resampled.length - filled), filled);
    filled += made.length;
  }
  return resampled;
}

/** The rates in their lowest terms. */
function ratioOf(from: number, to: number): readonly [number, number] {
  const areRates = [from, to].every((rate) => Number.isSafeInteger(rate) && rate > 0);
  const divisor = areRates ? greatestCommonDivisor(from, to) : 1;
  const ratio = [from / divisor, to / divisor] as const;
  if (areRates && Math.max(...ratio) <= HIGHEST_RATE) return ratio;
  throw new AudioError(
    "sound cannot be brought to another sample rate",
    `${from} to ${to} samples a second`,
    `give whole rates whose ratio has terms of at most ${HIGHEST_RATE}`,
  );
}

function converterOf(from: number, to: number): Promise<Converter> {
  const name = `${from}:${to}`;
  const converter = converters.get(name) ?? makeConverter(from, to);
  converters.set(name, converter);
  return converter;
}

async function makeConverter(from: number, to: number): Promise<Converter> {
  const { create, ConverterType } = await import("@alexanderolsen/libsamplerate-js");
  return create(1, from, to, { converterType: ConverterType.SRC_SINC_MEDIUM_QUALITY });
}

function greatestCommonDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestCommonDivisor(b, a % b);
}
