import { AutodidactError } from "../../core/errors.js";
import { type Audio, AudioError, damagedSound, orSkip, requireSampleRate, requireSamples } from "./audio.js";
import { type EncodedSound, encodedSound } from "./encoded-sound.js";
import { resample } from "./resample.js";
import type { SoundFormat } from "./sound-format.js";

/** What is decoded of a part of a file. */
interface Decoded {
  /** [channels][samples] */
  readonly channelData: readonly Float32Array[];
  readonly sampleRate: number;
  /** What the decoders of the compressed formats passed over. */
  readonly errors?: readonly { readonly message: string }[];
}

interface Decoder {
  decode(bytes: Uint8Array): Decoded;
  flush?(): Decoded;
  free(): void;
}

const DECODERS: Readonly<Record<SoundFormat, () => Promise<Decoder>>> = {
  wav: async () => (await import("@audio/decode-wav")).decoder(),
  flac: async () => (await import("@audio/decode-flac")).decoder(),
  mp3: async () => (await import("@audio/decode-mp3")).decoder(),
  vorbis: async () => (await import("@audio/decode-vorbis")).decoder(),
  opus: async () => (await import("@audio/decode-opus")).decoder(),
};

const PIECE_BYTES = 2 ** 20;
/** Compressed, a whole day is a small file that would fill the memory. */
const MOST_HOURS = 4;

/**
 * One recording as one channel, the mean of those of the file: WAV, FLAC, MP3, Vorbis or Opus in Ogg, by its first
 * bytes. Whole numbers of b bits are read as multiples of 2^(1-b). With `sampleRate` it is resampled.
 * @throws AudioError naming `name` for another format, for a file that is damaged or, as far as it tells, cut short, for
 * no samples, NaN or infinite ones, sample rates below 4 and above 384 kHz, and more than four hours.
 */
export async function decodeAudio(
  bytes: Uint8Array,
  name: string,
  { sampleRate }: { readonly sampleRate?: number } = {},
): Promise<Audio> {
  const encoded = encodedSound(bytes, name);
  const audio = await decoded(encoded, name).catch((error) => unreadable(error, name));
  requireSamples(audio.samples, name);
  const { frames = 0, integerBits } = encoded;
  if (audio.samples.length < frames) {
    throw damagedSound(name, `${audio.samples.length} of ${frames} samples can be decoded`);
  }
  if (integerBits) evenOut(audio.samples, integerBits, encoded.format);
  if (sampleRate === undefined) return audio;
  return { samples: await resample(audio.samples, audio.sampleRate, sampleRate), sampleRate };
}

async function decoded({ format, parts }: EncodedSound, name: string): Promise<Audio> {
  const decoder = await DECODERS[format]();
  const pieces: Float32Array[] = [];
  let sampleRate = 0;
  let length = 0;
  const keep = (piece: Decoded) => {
    if (piece.errors?.length) throw new Error(piece.errors[0].message);
    if (piece.channelData.length === 0 || piece.channelData[0].length === 0) return;
    requireSampleRate(piece.sampleRate, name);
    sampleRate ||= piece.sampleRate;
    if (piece.sampleRate !== sampleRate)
      throw new Error(`${sampleRate}, then ${piece.sampleRate} samples a second`);
    pieces.push(meanOf(piece.channelData));
    length += piece.channelData[0].length;
    if (length > MOST_HOURS * 3600 * sampleRate) throw tooLong(name);
  };
  try {
    for (const part of parts) for (const piece of piecesOf(part)) keep(decoder.decode(piece));
    if (decoder.flush) keep(decoder.flush());
  } finally {
    decoder.free();
  }
  return { samples: joined(pieces, length), sampleRate };
}

/** As plain Uint8Arrays: slices of a Buffer, which some decoders take, would be views. */
function* piecesOf({ buffer, byteOffset, byteLength }: Uint8Array): Generator<Uint8Array> {
  for (let start = 0; start < byteLength; start += PIECE_BYTES) {
    yield new Uint8Array(buffer, byteOffset + start, Math.min(PIECE_BYTES, byteLength - start));
  }
}

function meanOf(channels: readonly Float32Array[]): Float32Array {
  const [first, ...others] = channels;
  if (others.length === 0) return first;
  return first.map((value, i) => others.reduce((sum, channel) => sum + channel[i], value) / channels.length);
}

function joined(pieces: readonly Float32Array[], length: number): Float32Array {
  if (pieces.length === 1) return pieces[0];
  const samples = new Float32Array(length);
  let filled = 0;
  for (const piece of pieces) {
    samples.set(piece, filled);
    filled += piece.length;
  }
  return samples;
}

/** The decoders divide by one step less than a whole: of WAV what is above zero, of FLAC all. */
function evenOut(samples: Float32Array, bits: number, format: SoundFormat): void {
  const share = 1 - 2 ** (1 - bits);
  for (let i = 0; i < samples.length; i++) if (format === "flac" || samples[i] > 0) samples[i] *= share;
}

function tooLong(name: string): AudioError {
  return new AudioError(
    "a recording is too long to be read at once",
    `${name}: more than ${MOST_HOURS} hours`,
    `cut it into pieces, ${orSkip}`,
  );
}

function unreadable(error: unknown, name: string): never {
  // There was no memory for it, which says nothing of the recording.
  if (error instanceof AutodidactError || error instanceof RangeError) throw error;
  throw damagedSound(name, (error as Error).message);
}
