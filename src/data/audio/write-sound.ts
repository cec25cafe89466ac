import { AudioError, requireSampleRate, requireSamples } from "./audio.js";
import { encodeWavChannels } from "./write-wav.js";

/** Endings of files that sound can be written to. */
export const SOUND_ENDINGS = [".wav", ".mp3", ".ogg"] as const;
/** One of `SOUND_ENDINGS`. */
export type SoundEnding = (typeof SOUND_ENDINGS)[number];

/** Samples that an encoder takes at once. */
const PIECE = 2 ** 16;
/** Those of MPEG 1, 2 and 2.5; others are resampled by LAME. */
const MP3_RATES = [8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000];

/**
 * One or two channels of samples from -1 to 1, louder ones clipped, as a file: WAV of 16 bits, MP3 (LAME, variable
 * bitrate, V2) or Vorbis in Ogg (quality 5).
 * @throws AudioError for no samples, NaN and infinity, channels of unequal lengths or more than two of them, and for a
 * sample rate that the format does not have.
 */
export async function encodeSound(
  channels: readonly Float32Array[],
  sampleRate: number,
  ending: SoundEnding,
): Promise<Uint8Array<ArrayBuffer>> {
  requireChannels(channels);
  requireSampleRate(sampleRate, "sound to be written");
  if (ending === ".wav") return encodeWavChannels(channels, sampleRate);
  if (ending === ".mp3" && !MP3_RATES.includes(sampleRate)) {
    throw new AudioError(
      "MP3 has no such sample rate",
      `${sampleRate} samples a second`,
      `write .wav or .ogg, or give sound of ${MP3_RATES.join(", ")}`,
    );
  }
  return encodeCompressed(channels, sampleRate, ending);
}

async function encodeCompressed(
  channels: readonly Float32Array[],
  sampleRate: number,
  ending: ".mp3" | ".ogg",
): Promise<Uint8Array<ArrayBuffer>> {
  const { createMp3Encoder, createOggEncoder } = await import("wasm-media-encoders");
  const kind = { channels: channels.length as 1 | 2, sampleRate };
  const pieces: Uint8Array[] = [];
  const keep = (bytes: Uint8Array) => pieces.push(bytes.slice()); // the encoder writes over them
  const run = (encoder: Awaited<ReturnType<typeof createMp3Encoder | typeof createOggEncoder>>) => {
    for (let at = 0; at < channels[0].length; at += PIECE) {
      keep(encoder.encode(channels.map((samples) => clipped(samples.subarray(at, at + PIECE)))));
    }
    keep(encoder.finalize());
  };
  if (ending === ".mp3") {
    const encoder = await createMp3Encoder();
    encoder.configure({ ...kind, vbrQuality: 2, outputSampleRate: sampleRate as 8000 });
    run(encoder);
  } else {
    const encoder = await createOggEncoder();
    encoder.configure({ ...kind, vbrQuality: 5, oggSerialNo: 1 }); // else a random one
    run(encoder);
  }
  return new Uint8Array(Buffer.concat(pieces));
}

const clipped = (samples: Float32Array) => samples.map((value) => Math.max(-1, Math.min(1, value)));

function requireChannels(channels: readonly Float32Array[]): void {
  const lengths = channels.map(({ length }) => length);
  if (lengths.length < 1 || lengths.length > 2 || lengths.some((length) => length !== lengths[0])) {
    throw new AudioError(
      "sound to be written has one or two channels of one length",
      `channels of ${lengths.join(", ") || "nothing"} samples`,
      "mix it down, or pad the shorter channel",
    );
  }
  for (const samples of channels) requireSamples(samples, "sound to be written");
}
