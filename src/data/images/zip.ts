import { open } from "node:fs/promises";
import { promisify } from "node:util";
import { inflateRaw } from "node:zlib";
import yauzl, { type Entry } from "yauzl";
import { crc32 } from "../../files/crc32.js";
import { DataError } from "../../files/errors.js";

const inflate = promisify(inflateRaw);

const LOCAL_HEADER_BYTES = 30;
const LOCAL_HEADER_MAGIC = 0x04034b50;
const STORED = 0;
const DEFLATED = 8;
/** Several pictures are unpacked at once, and each may take this much. */
const MAX_FILE_BYTES = 2 ** 26;

/** Where a file lies in a zip, as the table at the archive's end says. [APPNOTE.TXT 4.3.12] */
export interface ZipEntry {
  readonly offset: number;
  readonly compressedBytes: number;
  readonly bytes: number;
  readonly method: number;
  readonly crc32: number;
  readonly isEncrypted: boolean;
}

/** A file of an archive by its entry. Throws `Error` when it is damaged or packed in an unknown way. */
export type ReadEntry = (entry: ZipEntry) => Promise<Uint8Array>;

/**
 * The files of a zip by name, without folders.
 * @throws DataError for a damaged archive, and for names that lead outside.
 */
export async function zipEntries(path: string): Promise<Map<string, ZipEntry>> {
  const entries = new Map<string, ZipEntry>();
  try {
    const zip = await yauzl.openPromise(path);
    for await (const entry of zip.eachEntry()) {
      if (!entry.fileName.endsWith("/")) entries.set(entry.fileName, placeOf(entry));
    }
  } catch (error) {
    throw damaged(path, error as Error);
  }
  return entries;
}

/**
 * Calls `use` with a reader of the archive's files. It reads them itself: yauzl's streams, made for large
 * files, took several times as long as decoding small pictures.
 */
export async function* readingZip<T>(
  path: string,
  use: (read: ReadEntry) => AsyncIterable<T>,
): AsyncGenerator<T> {
  const file = await open(path);
  const readAt = async (position: number, length: number) => {
    const bytes = Buffer.allocUnsafe(length);
    const { bytesRead } = await file.read(bytes, 0, length, position);
    if (bytesRead < length) throw new Error("the archive was cut short");
    return bytes;
  };
  try {
    yield* use((entry) => unpacked(entry, readAt));
  } finally {
    await file.close();
  }
}

async function unpacked(
  entry: ZipEntry,
  readAt: (position: number, length: number) => Promise<Buffer>,
): Promise<Uint8Array> {
  const { offset, compressedBytes, bytes, method } = entry;
  if (entry.isEncrypted) throw new Error("it is encrypted");
  if (method !== STORED && method !== DEFLATED) throw new Error(`unknown compression method ${method}`);
  if (Math.max(bytes, compressedBytes) > MAX_FILE_BYTES) {
    throw new Error(`it takes ${bytes} bytes, over the limit of ${MAX_FILE_BYTES}`);
  }
  const header = await readAt(offset, LOCAL_HEADER_BYTES);
  if (header.readUInt32LE(0) !== LOCAL_HEADER_MAGIC) throw new Error("it is not where the archive says");
  const skipped = header.readUInt16LE(26) + header.readUInt16LE(28); // the name, and further fields
  const packed = await readAt(offset + LOCAL_HEADER_BYTES + skipped, compressedBytes);
  const file = method === STORED ? packed : await inflate(packed, { maxOutputLength: Math.max(1, bytes) });
  if (file.length !== bytes || crc32(file) !== entry.crc32) throw new Error("its checksum is wrong");
  return file;
}

function placeOf(entry: Entry): ZipEntry {
  return {
    offset: entry.relativeOffsetOfLocalHeader,
    compressedBytes: entry.compressedSize,
    bytes: entry.uncompressedSize,
    method: entry.compressionMethod,
    crc32: entry.crc32 >>> 0,
    isEncrypted: entry.isEncrypted(),
  };
}

function damaged(path: string, cause: Error): DataError {
  const leadsOutside = /relative path|absolute path|invalid characters/.test(cause.message);
  return new DataError(
    leadsOutside ? "an archive names a file outside of itself" : "the zip archive cannot be read",
    `${path}: ${cause.message}`,
    leadsOutside
      ? "do not trust it: fetch it from its publisher"
      : "check it with unzip -t, and fetch it again",
    { cause },
  );
}
