import { AutodidactError } from "../../core/errors.js";
import {
  type Audio,
  AudioError,
  damagedSound,
  joined,
  orSkip,
  requireSampleRate,
  requireSamples,
} from "./audio.js";
import { type EncodedSound, encodedSound } from "./encoded-sound.js";
import { Resampler } from "./resample.js";
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

/** Of speech in few bits, a minute or two. */
const PIECE_BYTES = 2 ** 16;
/** Compressed, days of silence are a small file that somebody would wait for, or that would fill the memory. */
const MOST_HOURS = 24;
const MOST_HOURS_AT_ONCE = 4;

/** A piece of a recording. */
export interface SoundPiece extends Audio {
  /** Of the file's bytes, how much has been decoded: 1 at the end. */
  readonly share: number;
}

/**
 * One recording as one channel, the mean of those of the file: WAV, FLAC, MP3, Vorbis or Opus in Ogg, by its first
 * bytes. Whole numbers of b bits are read as multiples of 2^(1-b). With `sampleRate` it is resampled.
 * @throws AudioError naming `name` for another format, for a file that is damaged or, as far as it tells, cut short, for
 * no samples, NaN or infinite ones, sample rates below 4 and above 384 kHz, and more than four hours.
 */
export async function decodeAudio(
  bytes: Uint8Array,
  name: string,
  { sampleRate: wanted }: { readonly sampleRate?: number } = {},
): Promise<Audio> {
  const pieces: Float32Array[] = [];
  let sampleRate = 0;
  for await (const piece of decoded(bytes, name, wanted, MOST_HOURS_AT_ONCE)) {
    ({ sampleRate } = piece);
    pieces.push(piece.samples);
  }
  return { samples: joined(pieces), sampleRate };
}

/**
 * What `decodeAudio` gives, piece after piece, so that nothing of it is in memory but the file and a piece. Throws what
 * `decodeAudio` throws, for more than a day instead of four hours; what is wrong late in a file only when it is reached.
 */
export function decodePieces(
  bytes: Uint8Array,
  name: string,
  { sampleRate }: { readonly sampleRate?: number } = {},
): AsyncGenerator<SoundPiece> {
  return decoded(bytes, name, sampleRate, MOST_HOURS);
}

async function* decoded(
  bytes: Uint8Array,
  name: string,
  sampleRate: number | undefined,
  mostHours: number,
): AsyncGenerator<SoundPiece> {
  try {
    const encoded = encodedSound(bytes, name);
    yield* piecesIn(encoded, new DecodedSound(encoded, name, sampleRate, mostHours));
  } catch (error) {
    unreadable(error, name);
  }
}

async function* piecesIn({ format, parts }: EncodedSound, sound: DecodedSound): AsyncGenerator<SoundPiece> {
  const decoder = await DECODERS[format]();
  const total = parts.reduce((sum, { length }) => sum + length, 0);
  let read = 0;
  try {
    for (const bytes of parts.flatMap((part) => [...slicesOf(part)])) {
      read += bytes.length;
      yield* sound.pieces(decoder.decode(bytes), read / total);
    }
    if (decoder.flush) yield* sound.pieces(decoder.flush(), 1);
  } finally {
    decoder.free();
  }
  yield* sound.end();
}

/** What is decoded, as one channel of the rate that is wanted. */
class DecodedSound {
  /** As decoded. */
  private sampleRate = 0;
  private length = 0;
  private resampler?: Resampler;

  constructor(
    private readonly encoded: EncodedSound,
    private readonly name: string,
    private readonly wanted: number | undefined,
    private readonly mostHours: number,
  ) {}

  *pieces({ channelData, sampleRate, errors }: Decoded, share: number): Generator<SoundPiece> {
    if (errors?.length) throw new Error(errors[0].message);
    if (channelData.length === 0 || channelData[0].length === 0) return;
    if (this.sampleRate === 0) this.begin(sampleRate);
    if (sampleRate !== this.sampleRate)
      throw new Error(`${this.sampleRate}, then ${sampleRate} samples a second`);
    for (const channel of channelData) evenOut(channel, this.encoded);
    const samples = meanOf(channelData);
    requireSamples(samples, this.name, this.length);
    this.length += samples.length;
    this.requireShort(this.length);
    yield this.piece(this.resampler ? this.resampler.push(samples) : samples, share);
  }

  *end(): Generator<SoundPiece> {
    const { frames = 0 } = this.encoded;
    if (this.length === 0) requireSamples(new Float32Array(), this.name);
    if (this.length < frames) {
      throw damagedSound(this.name, `${this.length} of ${frames} samples can be decoded`);
    }
    if (this.resampler) yield this.piece(this.resampler.end(), 1);
  }

  private begin(sampleRate: number): void {
    requireSampleRate(sampleRate, this.name);
    this.sampleRate = sampleRate;
    const { wanted = sampleRate } = this;
    if (wanted !== sampleRate) this.resampler = new Resampler(sampleRate, wanted);
    this.requireShort(this.encoded.frames ?? 0);
  }

  private requireShort(length: number): void {
    if (length > this.mostHours * 3600 * this.sampleRate) throw tooLong(this.name, this.mostHours);
  }

  private piece(samples: Float32Array, share: number): SoundPiece {
    return { samples, sampleRate: this.wanted ?? this.sampleRate, share };
  }
}

/** As plain Uint8Arrays: slices of a Buffer, which some decoders take, would be views. */
function* slicesOf({ buffer, byteOffset, byteLength }: Uint8Array): Generator<Uint8Array> {
  for (let start = 0; start < byteLength; start += PIECE_BYTES) {
    yield new Uint8Array(buffer, byteOffset + start, Math.min(PIECE_BYTES, byteLength - start));
  }
}

function meanOf(channels: readonly Float32Array[]): Float32Array {
  const [first, ...others] = channels;
  if (others.length === 0) return first;
  return first.map((value, i) => others.reduce((sum, channel) => sum + channel[i], value) / channels.length);
}

/** The decoders divide by one step less than a whole: of WAV what is above zero, of FLAC all. */
function evenOut(samples: Float32Array, { format, integerBits }: EncodedSound): void {
  if (integerBits === undefined) return;
  const share = 1 - 2 ** (1 - integerBits);
  for (let i = 0; i < samples.length; i++) if (format === "flac" || samples[i] > 0) samples[i] *= share;
}

function tooLong(name: string, hours: number): AudioError {
  return new AudioError(
    "a recording is too long",
    `${name}: more than ${hours} hours`,
    `cut it into pieces, ${orSkip}`,
  );
}

function unreadable(error: unknown, name: string): never {
  // There was no memory for it, which says nothing of the recording.
  if (error instanceof AutodidactError || error instanceof RangeError) throw error;
  throw damagedSound(name, (error as Error).message);
}
