import { damagedSound } from "./audio.js";

/** Of layers I, II and III of MPEG-1, and of layers I, and II and III, of MPEG-2 and 2.5; kbit/s. [ISO/IEC 11172-3, 13818-3] */
const BITRATES: readonly (readonly number[])[] = [
  [32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448],
  [32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384],
  [32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320],
  [32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256],
  [8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160],
];
/** Of MPEG-1; MPEG-2 has half of them, MPEG-2.5 a quarter. */
const RATES = [44_100, 48_000, 32_000];
const TAG_BYTES = 10;

/**
 * Goes from frame to frame of an MP3: what decoders pass over in its middle is a stretch of sound that is missing. What stands
 * before the first frame, and tags behind the last, are none. In streams of free bitrate, whose frames have no length,
 * nothing is looked for. A frame that is damaged behind its header goes unnoticed: few have checksums.
 * @throws AudioError naming `name` for bytes between two frames that are neither frame nor tag.
 */
export function requireUnbrokenFrames(bytes: Uint8Array, name: string): void {
  for (let at = nextFrame(bytes, 0); at < bytes.length; ) {
    const length = frameLength(bytes, at) || tagLength(bytes, at);
    if (length > 0) {
      at += length;
      continue;
    }
    const next = nextFrame(bytes, at);
    if (next < bytes.length) {
      throw damagedSound(name, `bytes ${at} to ${next} of ${bytes.length} lie between frames and are none`);
    }
    return;
  }
}

/** Where the first of two frames is that follow each other; the end where there are none. */
function nextFrame(bytes: Uint8Array, from: number): number {
  for (let at = bytes.indexOf(0xff, from); at >= 0; at = bytes.indexOf(0xff, at + 1)) {
    const length = frameLength(bytes, at);
    if (length > 0 && frameLength(bytes, at + length) > 0) return at;
  }
  return bytes.length;
}

/** In bytes; 0 where no frame begins, or one of free bitrate. */
function frameLength(bytes: Uint8Array, at: number): number {
  const [first, second, third] = [bytes[at], bytes[at + 1], bytes[at + 2]];
  if (first !== 0xff || (second & 0xe0) !== 0xe0 || third === undefined) return 0;
  const [version, layer] = [(second >> 3) & 3, 4 - ((second >> 1) & 3)];
  const isFirst = version === 3;
  const rate = RATES[(third >> 2) & 3] / (isFirst ? 1 : version === 2 ? 2 : 4);
  const bitrates = isFirst ? BITRATES[layer - 1] : BITRATES[layer === 1 ? 3 : 4];
  const bits = 1000 * (bitrates?.[(third >> 4) - 1] ?? 0);
  if (version === 1 || !(rate > 0) || bits === 0) return 0;
  const padding = (third >> 1) & 1;
  if (layer === 1) return 4 * (Math.floor((12 * bits) / rate) + padding);
  return Math.floor(((layer === 3 && !isFirst ? 72 : 144) * bits) / rate) + padding;
}

/** Of an ID3v2 tag in bytes, as where files were joined; 0 where none begins. */
function tagLength(bytes: Uint8Array, at: number): number {
  const isTag = bytes[at] === 0x49 && bytes[at + 1] === 0x44 && bytes[at + 2] === 0x33;
  return isTag ? TAG_BYTES + id3Length(bytes.subarray(at + 6, at + TAG_BYTES)) : 0;
}

/** What an ID3v2 tag's 4 times 7 bits say. [id3.org, ID3v2.4.0 structure, 3.1] */
export function id3Length(sizes: Uint8Array): number {
  return sizes.reduce((size, byte) => size * 128 + byte, 0);
}
