const POLYNOMIAL = 0xedb88320;
const SLICES = 8;

/** `TABLES[k][b]` is the checksum of byte b followed by k zero bytes. */
const TABLES: Uint32Array[] = Array.from({ length: SLICES }, () => new Uint32Array(256));
for (let byte = 0; byte < 256; byte++) {
  let value = byte;
  for (let bit = 0; bit < 8; bit++) value = (value >>> 1) ^ (value & 1 ? POLYNOMIAL : 0);
  TABLES[0][byte] = value;
}
for (let slice = 1; slice < SLICES; slice++) {
  for (let byte = 0; byte < 256; byte++) {
    const before = TABLES[slice - 1][byte];
    TABLES[slice][byte] = (before >>> 8) ^ TABLES[0][before & 0xff];
  }
}
const [T0, T1, T2, T3, T4, T5, T6, T7] = TABLES as [Uint32Array, ...Uint32Array[]];

/**
 * The CRC-32 of zip and PNG, eight bytes at a time (Kounavis and Berry, 2005). Give the checksum of the
 * bytes before as `before` to go on from there.
 */
export function crc32(bytes: Uint8Array, before = 0): number {
  let crc = ~before;
  let i = 0;
  for (const end = bytes.length - 7; i < end; i += 8) {
    const low = crc ^ (bytes[i] | (bytes[i + 1] << 8) | (bytes[i + 2] << 16) | (bytes[i + 3] << 24));
    crc =
      T7![low & 0xff]! ^
      T6![(low >>> 8) & 0xff]! ^
      T5![(low >>> 16) & 0xff]! ^
      T4![low >>> 24]! ^
      T3![bytes[i + 4]]! ^
      T2![bytes[i + 5]]! ^
      T1![bytes[i + 6]]! ^
      T0[bytes[i + 7]];
  }
  for (; i < bytes.length; i++) crc = (crc >>> 8) ^ T0[(crc ^ bytes[i]) & 0xff];
  return ~crc >>> 0;
}
