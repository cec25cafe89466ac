import { damagedSound } from "./audio.js";

/** A WAV file without what is beside the sound. */
export interface WavChunks {
  /** RIFF's header and the format chunk. */
  readonly format: Uint8Array;
  /** The data chunk. */
  readonly data: Uint8Array;
  /** Samples of each channel, of plain whole numbers; undefined where the writer left that open, as into a pipe. */
  readonly frames: number | undefined;
  /** Of one sample, where samples are plain whole numbers. */
  readonly integerBits: number | undefined;
}

const RIFF_BYTES = 12;
const FORMAT = 0x666d7420;
const DATA = 0x64617461;
const PCM = 1;
const EXTENSIBLE = 0xfffe;
const OPEN_ENDED = [0, 0xffff_ffff];

/** @throws AudioError naming `name` for chunks that are missing, impossible or longer than the file. */
export function wavChunks(bytes: Uint8Array, name: string): WavChunks {
  const chunks = new Map<number, Uint8Array>();
  for (const chunk of chunksOf(bytes, name)) {
    chunks.set(chunk.id, chunk.bytes);
    if (chunk.id === DATA) break;
  }
  const [format, data] = [chunks.get(FORMAT), chunks.get(DATA)];
  if (!format || !data)
    throw damagedSound(name, `no ${format ? "data" : "format"} chunk in ${bytes.length} bytes`);
  const { isPlain, block, bits } = formatIn(format, name);
  const size = sizeOf(data);
  return {
    format: Uint8Array.from([...bytes.subarray(0, RIFF_BYTES), ...format]),
    data,
    frames: isPlain && !OPEN_ENDED.includes(size) ? Math.floor(size / block) : undefined,
    integerBits: isPlain ? bits : undefined,
  };
}

/** Chunks with their headers; those of odd length are followed by a byte of padding. */
function* chunksOf(bytes: Uint8Array, name: string): Generator<{ id: number; bytes: Uint8Array }> {
  for (let at = RIFF_BYTES; at + 8 <= bytes.length; ) {
    const id = new DataView(bytes.buffer, bytes.byteOffset + at).getUint32(0);
    const size = sizeOf(bytes.subarray(at));
    const isOpen = id === DATA && OPEN_ENDED.includes(size);
    const end = isOpen ? bytes.length : at + 8 + size;
    if (end > bytes.length) {
      throw damagedSound(name, `a chunk of ${size} bytes, of which ${bytes.length - at - 8} are there`);
    }
    yield { id, bytes: bytes.subarray(at, end) };
    at = end + (size % 2);
  }
}

function sizeOf(chunk: Uint8Array): number {
  return new DataView(chunk.buffer, chunk.byteOffset).getUint32(4, true);
}

function formatIn(chunk: Uint8Array, name: string) {
  const view = new DataView(chunk.buffer, chunk.byteOffset + 8, chunk.byteLength - 8);
  if (view.byteLength < 16) throw damagedSound(name, "its format chunk is cut short");
  const isExtensible = view.getUint16(0, true) === EXTENSIBLE && view.byteLength >= 40;
  const isPlain = view.getUint16(isExtensible ? 24 : 0, true) === PCM;
  const [channels, block, bits] = [2, 12, 14].map((at) => view.getUint16(at, true));
  const isPossible = channels > 0 && block > 0 && (!isPlain || block === (channels * bits) / 8);
  if (isPossible) return { isPlain, block, bits };
  throw damagedSound(name, `${channels} channels of ${bits} bits in blocks of ${block} bytes`);
}
