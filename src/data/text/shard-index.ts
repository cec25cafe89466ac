import { MissingFileError, ShardError } from "../../files/errors.js";
import type { Folder } from "../../files/folder.js";

export const INDEX_FILE = "index.json";
const LAYOUT = "autodidact token shards 1";

/** The number type of the tokens on disk, little-endian. */
export type TokenType = "uint16" | "uint32";

/** What `index.json` beside the shards says; it is written last, so where it is the shards are complete. */
export interface ShardIndex {
  readonly dtype: TokenType;
  readonly vocabSize: number;
  readonly tokenCount: number;
  /** UTF-8 bytes of the text that the tokens stand for. */
  readonly byteCount: number;
  /** What the tokens were made from, if the writer said so. */
  readonly fingerprint?: string;
  readonly shards: readonly { readonly file: string; readonly tokens: number; readonly crc32: number }[];
}

/** Bytes of one token. */
export function tokenBytes(dtype: TokenType): 2 | 4 {
  return dtype === "uint16" ? 2 : 4;
}

/** The narrowest type that holds every token of the vocabulary. */
export function tokenTypeFor(vocabSize: number): TokenType {
  return vocabSize <= 2 ** 16 ? "uint16" : "uint32";
}

/** Writes the index; from then on the shards count as complete. */
export async function writeIndex(folder: Folder, index: ShardIndex): Promise<void> {
  await folder.write(INDEX_FILE, `${JSON.stringify({ layout: LAYOUT, ...index }, null, 2)}\n`);
}

/** @throws ShardError when there is no index or it says nothing that can be followed. */
export async function readIndex(folder: Folder): Promise<ShardIndex> {
  const bytes = await folder.read(INDEX_FILE).catch((error: unknown) => {
    if (!(error instanceof MissingFileError)) throw error;
    throw new ShardError(
      "there are no complete token shards",
      `no ${INDEX_FILE} in ${folder.location}`,
      "prepare the data (again); it starts over where it was stopped",
    );
  });
  const index = parsed(bytes);
  if (isIndex(index)) return index;
  throw new ShardError(
    "the index of the token shards is damaged or of another layout",
    `${folder.location}/${INDEX_FILE}: ${new TextDecoder().decode(bytes.subarray(0, 60))}`,
    "remove the folder and prepare the data again",
  );
}

function parsed(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    return undefined;
  }
}

function isIndex(value: unknown): value is ShardIndex {
  const index = value as (ShardIndex & { layout: string }) | null | undefined;
  if (index?.layout !== LAYOUT || !Array.isArray(index.shards)) return false;
  if (index.dtype !== "uint16" && index.dtype !== "uint32") return false;
  const numbers = [index.vocabSize, index.tokenCount, index.byteCount, ...index.shards.map((s) => s.tokens)];
  const sum = index.shards.reduce((total, shard) => total + shard.tokens, 0);
  return numbers.every((n) => Number.isSafeInteger(n) && n >= 0) && sum === index.tokenCount;
}
