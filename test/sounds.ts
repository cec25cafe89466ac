/** Sounds for tests: tones, and files of them. */
import { readFileSync } from "node:fs";
import type { Audio } from "../src/data/audio/audio.js";
import { encodeWav } from "../src/data/audio/write-wav.js";

/** A sine of `hertz`, as loud as 0.5. */
export function tone(seconds: number, hertz = 500, sampleRate = 16_000): Audio {
  const samples = new Float32Array(Math.round(seconds * sampleRate));
  for (let i = 0; i < samples.length; i++)
    samples[i] = 0.5 * Math.sin((2 * Math.PI * hertz * i) / sampleRate);
  return { samples, sampleRate };
}

/** A WAV file of a tone. */
export function toneFile(seconds: number, hertz?: number, sampleRate?: number): Uint8Array<ArrayBuffer> {
  return encodeWav(tone(seconds, hertz, sampleRate));
}

const encoded: unknown = JSON.parse(readFileSync(new URL("encoded-tones.json", import.meta.url), "utf8"));

/**
 * 0.3 seconds of 500 Hz, as loud as 0.5, at 16 kHz, by other programs' encoders: flac 1.4.2, lame 3.100, oggenc 1.4.2,
 * opusenc 0.2, of sox -n -r 16000 -c 1 -b 16 tone.wav synth 0.3 sine 500 gain -6.
 */
export const encodedTones = Object.fromEntries(
  Object.entries(encoded as Record<string, string>).map(([name, text]) => [
    name,
    Buffer.from(text, "base64"),
  ]),
);

/** A WAV file with any format chunk: tag, channels, rate and bits, and data as they are. */
export function wavFile(
  { tag = 1, channels = 1, sampleRate = 16_000, bits = 16, size }: WavFields,
  data: Uint8Array,
  before: Uint8Array = new Uint8Array(),
): Buffer {
  const header = Buffer.alloc(20);
  header.writeUInt16LE(tag, 4);
  header.writeUInt16LE(channels, 6);
  header.writeUInt32LE(sampleRate, 8);
  header.writeUInt32LE((sampleRate * channels * bits) / 8, 12);
  header.writeUInt16LE((channels * bits) / 8, 16);
  header.writeUInt16LE(bits, 18);
  header.writeUInt32LE(16, 0);
  const length = Buffer.alloc(4);
  length.writeUInt32LE(size ?? data.length);
  return Buffer.concat([
    Buffer.from("RIFF\xff\xff\xff\x7fWAVEfmt ", "latin1"),
    header,
    before,
    Buffer.from("data"),
    length,
    data,
  ]);
}

interface WavFields {
  readonly tag?: number;
  readonly channels?: number;
  readonly sampleRate?: number;
  readonly bits?: number;
  /** That the data chunk says it has. */
  readonly size?: number;
}
