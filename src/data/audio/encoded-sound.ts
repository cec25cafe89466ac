import { damagedSound } from "./audio.js";
import { id3Length, requireUnbrokenFrames } from "./mpeg-frames.js";
import { requireWholePages } from "./ogg.js";
import { type SoundFormat, soundFormat } from "./sound-format.js";
import { wavChunks } from "./wav.js";

/** A recording as a decoder takes it. */
export interface EncodedSound {
  readonly format: SoundFormat;
  /** One after another. */
  readonly parts: readonly Uint8Array[];
  /** The samples of each channel that the file announces, where it does. */
  readonly frames?: number;
  /** Of one sample, where samples are plain whole numbers. */
  readonly integerBits?: number;
}

const FLAC_INFO_AT = 8;
const FLAC_INFO_BYTES = 34;
/** In Ogg, behind a page's header of 28 bytes and 9 of the mapping. [RFC 9639, 10.1] */
const OGG_FLAC_AT = 37;
const XING_BEFORE = 200;

/**
 * Looks through the file for what decoders pass over without a word. Tags before the sound are dropped.
 * @throws AudioError naming `name` for another format, and as far as the file tells for one that is cut short or damaged.
 */
export function encodedSound(file: Uint8Array, name: string): EncodedSound {
  const bytes = withoutTag(file);
  const format = bytes === file ? soundFormat(file, name) : taggedFormat(bytes);
  if (format === "wav") {
    const { format: start, data, ...facts } = wavChunks(bytes, name);
    return { format, parts: [start, data], ...facts };
  }
  if (format === "mp3") {
    requireAnnouncedBytes(bytes, name);
    requireUnbrokenFrames(bytes, name);
  }
  if (isOgg(bytes)) requireWholePages(bytes, name);
  return { format, parts: [bytes], ...(format === "flac" && flacInfo(bytes, name)) };
}

/** Without an ID3v2 tag. */
function withoutTag(bytes: Uint8Array): Uint8Array {
  const isTagged = String.fromCharCode(...bytes.subarray(0, 3)) === "ID3" && bytes.length >= 10;
  return isTagged ? bytes.subarray(10 + id3Length(bytes.subarray(6, 10))) : bytes;
}

function taggedFormat(bytes: Uint8Array): SoundFormat {
  return isFlac(bytes) ? "flac" : "mp3";
}

function isFlac(bytes: Uint8Array): boolean {
  return String.fromCharCode(...bytes.subarray(0, 4)) === "fLaC";
}

function isOgg(bytes: Uint8Array): boolean {
  return String.fromCharCode(...bytes.subarray(0, 4)) === "OggS";
}

/** Of STREAMINFO: 5 bits of a sample's bits less 1, and 36 of their number, where 0 is unknown. [RFC 9639, 8.2] */
function flacInfo(bytes: Uint8Array, name: string): Pick<EncodedSound, "frames" | "integerBits"> {
  const at = (isOgg(bytes) ? OGG_FLAC_AT : 0) + FLAC_INFO_AT;
  if (bytes.length < at + FLAC_INFO_BYTES) {
    throw damagedSound(name, `${bytes.length} bytes, less than its header`);
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset + at);
  const integerBits = ((view.getUint16(12) >> 4) & 0x1f) + 1;
  return { integerBits, frames: (view.getUint8(13) & 0x0f) * 2 ** 32 + view.getUint32(14) || undefined };
}

/** What the first frame of most encoders says; of an MP3 without it nothing tells that it is cut short. [Xing, LAME] */
function requireAnnouncedBytes(bytes: Uint8Array, name: string): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let at = 0; at + 16 <= Math.min(view.byteLength, XING_BEFORE); at++) {
    if (!["Xing", "Info"].includes(fourCharacters(view, at))) continue;
    const flags = view.getUint32(at + 4);
    const announced = flags & 2 ? view.getUint32(at + (flags & 1 ? 12 : 8)) : 0;
    if (announced > bytes.length) throw damagedSound(name, `${bytes.length} of ${announced} bytes are there`);
    return;
  }
}

function fourCharacters(view: DataView, at: number): string {
  return String.fromCharCode(...[0, 1, 2, 3].map((i) => view.getUint8(at + i)));
}
