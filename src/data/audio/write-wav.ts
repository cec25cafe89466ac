import { type Audio, requireSampleRate, requireSamples } from "./audio.js";
import { toPcm16 } from "./pcm16.js";

const HEADER_BYTES = 44;

/**
 * A WAV file of 16 bits and one channel; samples beyond -1 and 1 are clipped, `countClipped` says how many.
 * @throws AudioError for no samples, for NaN and infinity, and for an impossible sample rate.
 */
export function encodeWav({ samples, sampleRate }: Audio): Uint8Array<ArrayBuffer> {
  requireSamples(samples, "sound to be written");
  requireSampleRate(sampleRate, "sound to be written");
  const pcm = toPcm16(samples);
  const bytes = new Uint8Array(HEADER_BYTES + pcm.byteLength);
  const view = new DataView(bytes.buffer);
  const writeText = (at: number, text: string) => bytes.set(new TextEncoder().encode(text), at);
  writeText(0, "RIFF");
  view.setUint32(4, bytes.length - 8, true);
  writeText(8, "WAVEfmt ");
  view.setUint32(16, 16, true);
  view.setUint16(20, 1, true); // whole numbers
  view.setUint16(22, 1, true); // channels
  view.setUint32(24, sampleRate, true);
  view.setUint32(28, sampleRate * pcm.BYTES_PER_ELEMENT, true);
  view.setUint16(32, pcm.BYTES_PER_ELEMENT, true);
  view.setUint16(34, 16, true); // bits
  writeText(36, "data");
  view.setUint32(40, pcm.byteLength, true);
  bytes.set(new Uint8Array(pcm.buffer), HEADER_BYTES); // every platform that runs this is little-endian
  return bytes;
}
