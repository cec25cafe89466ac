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
/** Compressed, a whole day is a small file that would fill the memory. */
const MOST_HOURS = 4;

/**
 * One recording as one channel, the mean of those of the file: WAV, FLAC, MP3, Vorbis or Opus in Ogg, by its first
 * bytes. Whole numbers of b bits are read as multiples of 2^(1-b). With `sampleRate` it is resampled, piece after piece, so
 * that of long recordings nothing is in memory at once but the file and what becomes of it.
 * @throws AudioError naming `name` for another format, for a file that is damaged or, as far as it tells, cut short, for
 * no samples, NaN or infinite ones, sample rates below 4 and above 384 kHz, and more than four hours.
 */
export async function decodeAudio(
  bytes: Uint8Array,
  name: string,
  { sampleRate }: { readonly sampleRate?: number } = {},
): Promise<Audio> {
  return decoded(encodedSound(bytes, name), name, sampleRate).catch((error) => unreadable(error, name));
}

async function decoded(encoded: EncodedSound, name: string, wanted: number | undefined): Promise<Audio> {
  const decoder = await DECODERS[encoded.format]();
  const sound = new GrowingSound(encoded, name, wanted);
  try {
    for (const part of encoded.parts) for (const piece of piecesOf(part)) sound.add(decoder.decode(piece));
    if (decoder.flush) sound.add(decoder.flush());
  } finally {
    decoder.free();
  }
  return sound.end();
}

/** What is decoded so far, as one channel of the rate that is wanted. */
class GrowingSound {
  private readonly pieces: Float32Array[] = [];
  /** As decoded. */
  private sampleRate = 0;
  private length = 0;
  private resampler?: Resampler;

  constructor(
    private readonly encoded: EncodedSound,
    private readonly name: string,
    private readonly wanted: number | undefined,
  ) {}

  add({ channelData, sampleRate, errors }: Decoded): void {
    if (errors?.length) throw new Error(errors[0].message);
    if (channelData.length === 0 || channelData[0].length === 0) return;
    if (this.sampleRate === 0) this.begin(sampleRate);
    if (sampleRate !== this.sampleRate)
      throw new Error(`${this.sampleRate}, then ${sampleRate} samples a second`);
    for (const channel of channelData) evenOut(channel, this.encoded);
    const samples = meanOf(channelData);
    requireSamples(samples, this.name, this.length);
    this.pieces.push(this.resampler ? this.resampler.push(samples) : samples);
    this.length += samples.length;
    this.requireShort(this.length);
  }

  end(): Audio {
    const { frames = 0 } = this.encoded;
    if (this.length === 0) requireSamples(new Float32Array(), this.name);
    if (this.length < frames) {
      throw damagedSound(this.name, `${this.length} of ${frames} samples can be decoded`);
    }
    if (this.resampler) this.pieces.push(this.resampler.end());
    return { samples: joined(this.pieces), sampleRate: this.wanted ?? this.sampleRate };
  }

  private begin(sampleRate: number): void {
    requireSampleRate(sampleRate, this.name);
    this.sampleRate = sampleRate;
    const { wanted = sampleRate } = this;
    if (wanted !== sampleRate) this.resampler = new Resampler(sampleRate, wanted);
    this.requireShort(this.encoded.frames ?? 0);
  }

  private requireShort(length: number): void {
    if (length > MOST_HOURS * 3600 * this.sampleRate) throw tooLong(this.name);
  }
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

/** The decoders divide by one step less than a whole: of WAV what is above zero, of FLAC all. */
function evenOut(samples: Float32Array, { format, integerBits }: EncodedSound): void {
  if (integerBits === undefined) return;
  const share = 1 - 2 ** (1 - integerBits);
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
