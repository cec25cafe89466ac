import { AudioError, orSkip } from "./audio.js";

/** How a recording is encoded. FLAC may lie in Ogg. */
export type SoundFormat = "wav" | "flac" | "mp3" | "vorbis" | "opus";

const BEGINNING_BYTES = 512;
const READ = "WAV, FLAC, MP3, Ogg Vorbis or Opus";

const OGG = "OggS[^]{24}";

/** How files begin, each byte a character; an Ogg page of one packet has its content at byte 28. */
const SIGNATURES: readonly (readonly [string, SoundFormat])[] = [
  ["RIFF[^]{4}WAVE", "wav"],
  ["fLaC", "flac"],
  [`${OGG}\x7fFLAC`, "flac"],
  [`${OGG}\x01vorbis`, "vorbis"],
  [`${OGG}OpusHead`, "opus"],
];

const REFUSED: readonly (readonly [string, string])[] = [
  ["[^]{4}ftyp", "MP4 (m4a, mp4, AAC)"],
  ["\xff[\xf0\xf1\xf8\xf9]", "AAC"],
  ["\x1a\x45\xdf\xa3", "WebM or Matroska"],
  ["FORM[^]{4}AIF[FC]", "AIFF"],
  ["caff", "Apple's Core Audio Format"],
  ["(RF64|riff|RIFX|BW64)", "a variant of WAV for large files or the other byte order"],
  ["#!AMR", "AMR"],
  ["\x30\x26\xb2\x75", "Windows Media"],
  ["\\.snd", "Sun audio"],
  ["wvpk", "WavPack"],
  ["NIST_1A", "NIST SPHERE"],
  [`${OGG}Speex`, "Ogg Speex"],
];

/** The format by the first bytes, whatever the file is called. Throws `AudioError` naming `name` for any other. */
export function soundFormat(bytes: Uint8Array, name: string): SoundFormat {
  if (bytes.length === 0) {
    throw new AudioError("a recording is empty", `${name}: 0 bytes`, `fetch it again, remove it, ${orSkip}`);
  }
  const start = String.fromCharCode(...bytes.subarray(0, BEGINNING_BYTES));
  const begins = ([signature]: readonly [string, string]) => new RegExp(`^${signature}`).test(start);
  const found = SIGNATURES.find(begins);
  if (found) return found[1];
  if (isMpegFrame(bytes)) return "mp3";
  const refused = REFUSED.find(begins);
  if (refused) {
    throw new AudioError(
      "a recording is of a format that is not read",
      `${name} is ${refused[1]}`,
      `convert it to ${READ}, for example with ffmpeg -i IT.m4a IT.flac, ${orSkip}`,
    );
  }
  throw new AudioError(
    `a file is no ${READ} recording`,
    `${name} begins with ${JSON.stringify(start.slice(0, 12))}`,
    `convert it, remove it, ${orSkip}`,
  );
}

/** Whether an MPEG audio frame begins here: no reserved version, layer, bitrate or sample rate. [ISO/IEC 11172-3, 2.4.2.3] */
function isMpegFrame([sync, version, rates]: Uint8Array): boolean {
  const isSync = sync === 0xff && (version & 0xe0) === 0xe0;
  const isKnown = (version & 0x18) !== 0x08 && (version & 0x06) !== 0;
  return isSync && isKnown && rates >> 4 !== 0x0f && (rates & 0x0c) !== 0x0c;
}
