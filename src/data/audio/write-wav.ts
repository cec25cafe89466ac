import { type Audio, requireSampleRate, requireSamples } from "./audio.js";
import { toPcm16 } from "./pcm16.js";

const HEADER_BYTES = 44;

/**
 * A WAV file of 16 bits and one channel; samples beyond -1 and 1 are clipped, `countClipped` says how many.
 * @throws AudioError for no samples, for NaN and infinity, and for an impossible sample rate.
 */
export function encodeWav({ samples, sampleRate }: Audio): Uint8Array<ArrayBuffer> {
  return encodeWavChannels([samples], sampleRate);
}

/** Channels of one length by turns; see `encodeWav`. */
export function encodeWavChannels(
  channels: readonly Float32Array[],
  sampleRate: number,
): Uint8Array<ArrayBuffer> {
  for (const samples of channels) requireSamples(samples, "sound to be written");
  requireSampleRate(sampleRate, "sound to be written");
  const pcm = toPcm16(byTurns(channels));
  const frameBytes = channels.length * pcm.BYTES_PER_ELEMENT;
  const bytes = new Uint8Array(HEADER_BYTES + pcm.byteLength);
  const view = new DataView(bytes.buffer);
  const writeText = (at: number, text: string) => bytes.set(new TextEncoder().encode(text), at);
  writeText(0, "RIFF");
  view.setUint32(4, bytes.length - 8, true);
  writeText(8, "WAVEfmt ");
  view.setUint32(16, 16, true);
  view.setUint16(20, 1, true); // whole numbers
  view.setUint16(22, channels.length, true);
  view.setUint32(24, sampleRate, true);
  view.setUint32(28, sampleRate * frameBytes, true);
  view.setUint16(32, frameBytes, true);
  view.setUint16(34, 16, true); // bits
  writeText(36, "data");
  view.setUint32(40, pcm.byteLength, true);
  bytes.set(new Uint8Array(pcm.buffer), HEADER_BYTES); // every platform that runs this is little-endian
  return bytes;
}

function byTurns(channels: readonly Float32Array[]): Float32Array {
  if (channels.length === 1) return channels[0];
  const samples = new Float32Array(channels.length * channels[0].length);
  for (const [turn, channel] of channels.entries()) {
    for (let i = 0; i < channel.length; i++) samples[i * channels.length + turn] = channel[i];
  }
  return samples;
}
