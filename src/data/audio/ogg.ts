import { damagedSound } from "./audio.js";

const HEADER_BYTES = 27;
const CHECKSUM_AT = 22;
const POLYNOMIAL = 0x04c11db7;
const TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let value = byte << 24;
  for (let bit = 0; bit < 8; bit++) value = (value << 1) ^ (value < 0 ? POLYNOMIAL : 0);
  return value;
});

/**
 * Goes through the pages of an Ogg file and checks the checksum of each. [RFC 3533, 6]
 * @throws AudioError naming `name` for a page that is damaged, missing or cut short.
 */
export function requireWholePages(bytes: Uint8Array, name: string): void {
  for (let start = 0; start < bytes.length; ) {
    const end = pageEnd(bytes, start);
    if (end > bytes.length)
      throw damagedSound(name, `the page at byte ${start} of ${bytes.length} is cut short`);
    if (end <= start) throw damagedSound(name, `there is no page at byte ${start} of ${bytes.length}`);
    const view = new DataView(bytes.buffer, bytes.byteOffset + start, end - start);
    if (view.getUint32(CHECKSUM_AT, true) !== checksum(bytes, start, end)) {
      throw damagedSound(name, `the page at byte ${start} has a wrong checksum`);
    }
    start = end;
  }
}

/** Where the page ends, beyond the file where it is cut short; 0 where no page begins. */
function pageEnd(bytes: Uint8Array, start: number): number {
  const isPage = String.fromCharCode(...bytes.subarray(start, start + 4)) === "OggS";
  if (!isPage) return 0;
  const body = start + HEADER_BYTES + (bytes[start + HEADER_BYTES - 1] ?? 0);
  if (body > bytes.length) return body;
  return bytes.subarray(start + HEADER_BYTES, body).reduce((sum, length) => sum + length, body);
}

/** Of the page with zeros in the place of its checksum. */
function checksum(bytes: Uint8Array, start: number, end: number): number {
  let crc = 0;
  for (let i = start; i < end; i++) {
    const isField = i >= start + CHECKSUM_AT && i < start + CHECKSUM_AT + 4;
    crc = (crc << 8) ^ TABLE[(crc >>> 24) ^ (isField ? 0 : bytes[i])];
  }
  return crc >>> 0;
}
