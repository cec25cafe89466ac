import { crc32 } from "./crc32.js";
import { MissingFileError, ShardError } from "./errors.js";
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

/** What an index file is asked for. */
export interface IndexFile<I> {
  readonly file: string;
  isIndex(value: unknown): value is I;
  /** What is wrong where it is missing, such as "there is no complete set of examples". */
  readonly missing: string;
  /** What it lists, such as "examples". */
  readonly lists: string;
}

/** Reads the index of prepared data. Throws `ShardError` when it is missing or no such. */
export async function readIndexFile<I>(
  folder: Folder,
  { file, isIndex, missing, lists }: IndexFile<I>,
): Promise<I> {
  const bytes = await folder.read(file).catch((error: unknown) => {
    if (!(error instanceof MissingFileError)) throw error;
    throw new ShardError(
      missing,
      `no ${file} in ${folder.location}`,
      "prepare the data (again); it starts over where it was stopped",
    );
  });
  const text = new TextDecoder().decode(bytes);
  try {
    const index: unknown = JSON.parse(text);
    if (isIndex(index)) return index;
  } catch {}
  throw damagedFile(folder, file, `no index of ${lists}: ${text.slice(0, 60)}`);
}

/** The error for a file of prepared data that is not as it was written. */
export function damagedFile(folder: Folder, file: string, found: string): ShardError {
  return new ShardError(
    "a file of prepared data is damaged",
    `${folder.location}/${file}: ${found}`,
    "remove the folder and prepare the data again",
  );
}
