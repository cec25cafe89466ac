import { crc32 } from "./crc32.js";
import { ShardError } from "./errors.js";
import type { Folder } from "./folder.js";

/** A file of prepared data as its index knows it. */
export interface CheckedFile {
  readonly file: string;
  readonly bytes: number;
  readonly crc32: number;
}

const VERIFY_BYTES = 4 * 2 ** 20;

/**
 * Reads the whole file and compares its size and checksum; `keep`, of the file's size, receives its bytes.
 * @throws ShardError when the file is missing, cut short or damaged.
 */
export async function verifyFile(folder: Folder, expected: CheckedFile, keep?: Uint8Array): Promise<void> {
  const { file, bytes: size } = expected;
  const found = await folder.size(file);
  if (found !== size) throw damagedFile(folder, file, `${found ?? "no"} bytes instead of ${size}`);
  const chunk = keep ?? new Uint8Array(Math.min(size, VERIFY_BYTES));
  let crc = 0;
  for (let offset = 0; offset < size; offset += chunk.length) {
    const part = chunk.subarray(0, Math.min(chunk.length, size - offset));
    await folder.readInto(file, offset, part);
    crc = crc32(part, crc);
  }
  if (crc !== expected.crc32) {
    throw damagedFile(folder, file, `checksum ${crc} instead of ${expected.crc32}`);
  }
}

/** The error for a file of prepared data that is not as it was written. */
export function damagedFile(folder: Folder, file: string, found: string): ShardError {
  return new ShardError(
    "a file of prepared data is damaged",
    `${folder.location}/${file}: ${found}`,
    "remove the folder and prepare the data again",
  );
}
