/**
 * TFRecord framing, as TensorFlow's `record_writer.h` defines it, little endian:
 * uint64 length, uint32 masked crc of the length, the bytes, uint32 masked crc of the bytes.
 */
const HEADER = 12;
const FOOTER = 4;

/** One record: the payload between its length and its checksums. */
export function frameRecord(payload: Uint8Array): Uint8Array {
  const framed = new Uint8Array(HEADER + payload.length + FOOTER);
  const view = new DataView(framed.buffer);
  view.setBigUint64(0, BigInt(payload.length), true);
  view.setUint32(8, maskedCrc32c(framed.subarray(0, 8)), true);
  framed.set(payload, HEADER);
  view.setUint32(HEADER + payload.length, maskedCrc32c(payload), true);
  return framed;
}

/** The payloads of a file, up to its end or to the first record that is torn or damaged. */
export function readRecords(file: Uint8Array): Uint8Array[] {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  const records: Uint8Array[] = [];
  for (let start = 0; start + HEADER + FOOTER <= file.length; ) {
    const length = Number(view.getBigUint64(start, true));
    const end = start + HEADER + length;
    const headerHolds = view.getUint32(start + 8, true) === maskedCrc32c(file.subarray(start, start + 8));
    if (!headerHolds || end + FOOTER > file.length) break;
    const payload = file.subarray(start + HEADER, end);
    if (view.getUint32(end, true) !== maskedCrc32c(payload)) break;
    records.push(payload);
    start = end + FOOTER;
  }
  return records;
}

/** TFRecord rotates and shifts its checksums, since a checksum of data that holds checksums is weak. */
export function maskedCrc32c(bytes: Uint8Array): number {
  const crc = crc32c(bytes);
  return (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0;
}

/** CRC-32C (Castagnoli, RFC 3720 appendix B.4), reflected. */
export function crc32c(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) crc = TABLE[(crc ^ byte) & 0xff] ^ (crc >>> 8);
  return (crc ^ 0xffffffff) >>> 0;
}

const REFLECTED_POLYNOMIAL = 0x82f63b78;

const TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte;
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ REFLECTED_POLYNOMIAL : crc >>> 1;
  return crc;
});
