import type { Watching } from "../../core/watching.js";
import { crc32 } from "../../files/crc32.js";
import { ShardError } from "../../files/errors.js";
import type { Folder } from "../../files/folder.js";
import type { Piece } from "./document.js";
import {
  INDEX_FILE,
  readIndex,
  type ShardIndex,
  tokenBytes,
  tokenTypeFor,
  writeIndex,
} from "./shard-index.js";

/**
 * Turns a piece of text into tokens; a pure function. `isEnd` and `isStart` tell whether a text ends and begins with it,
 * where it may add a token of its own.
 */
export type EncodePiece = (text: string, isEnd: boolean, isStart: boolean) => ArrayLike<number>;

/** How tokens are stored. Progress is in UTF-8 bytes of text. */
export interface ShardOptions extends Watching {
  /** Tokens are whole numbers below this. */
  readonly vocabSize: number;
  /** Tokens a file; the last has fewer. */
  readonly shardTokens?: number;
  /** What the tokens are made from, kept in the index for a later run to compare. */
  readonly fingerprint?: string;
}

const DEFAULT_SHARD_TOKENS = 2 ** 24;
const CACHED_BYTES = 64 * 2 ** 20;
const VERIFY_BYTES = 4 * 2 ** 20;
const PROGRESS_BYTES = 2 ** 20;

/**
 * Encodes a stream of text into files of tokens, holding one shard in memory. Shards that stand in the
 * folder already, complete or not, are replaced; until the last write they do not count as complete. Where it fails or
 * is stopped, none stay.
 * @throws ShardError for a token outside the vocabulary; FolderError when the disk is full.
 */
export async function writeShards(
  folder: Folder,
  pieces: AsyncIterable<Pick<Piece, "text" | "isEnd" | "isStart">>,
  encode: EncodePiece,
  options: ShardOptions,
): Promise<ShardIndex> {
  await removeShards(folder);
  const writer = new ShardWriter(folder, options);
  try {
    const byteCount = await writePieces(writer, pieces, encode, options);
    const { dtype, tokenCount, shards } = writer;
    const { vocabSize, fingerprint } = options;
    const index: ShardIndex = { dtype, vocabSize, tokenCount, byteCount, fingerprint, shards };
    await writeIndex(folder, index);
    return index;
  } catch (error) {
    await removeShards(folder).catch(() => {}); // why it failed matters more
    throw error;
  }
}

/** Returns how many bytes of text there were. */
async function writePieces(
  writer: ShardWriter,
  pieces: AsyncIterable<Pick<Piece, "text" | "isEnd" | "isStart">>,
  encode: EncodePiece,
  { signal, onProgress }: Watching,
): Promise<number> {
  const encoder = new TextEncoder();
  let byteCount = 0;
  let told = 0;
  for await (const { text, isEnd, isStart } of pieces) {
    signal?.throwIfAborted();
    byteCount += encoder.encode(text).length;
    await writer.add(encode(text, isEnd, isStart));
    if (byteCount - told < PROGRESS_BYTES) continue;
    told = byteCount;
    onProgress?.(byteCount);
  }
  await writer.flush();
  onProgress?.(byteCount);
  return byteCount;
}

/** The index goes first: half a set of shards must never look complete. */
async function removeShards(folder: Folder): Promise<void> {
  await folder.remove(INDEX_FILE);
  for (const name of await folder.list("")) if (/^tokens-\d+\.bin$/.test(name)) await folder.remove(name);
}

class ShardWriter {
  readonly dtype;
  readonly shards: { file: string; tokens: number; crc32: number }[] = [];
  tokenCount = 0;
  private readonly buffer: Uint16Array | Uint32Array;
  private filled = 0;

  constructor(
    private readonly folder: Folder,
    private readonly options: ShardOptions,
  ) {
    this.dtype = tokenTypeFor(options.vocabSize);
    const length = options.shardTokens ?? DEFAULT_SHARD_TOKENS;
    this.buffer = this.dtype === "uint16" ? new Uint16Array(length) : new Uint32Array(length);
  }

  async add(tokens: ArrayLike<number>): Promise<void> {
    for (let from = 0; from < tokens.length; ) {
      const count = Math.min(tokens.length - from, this.buffer.length - this.filled);
      this.copy(tokens, from, count);
      from += count;
      if (this.filled === this.buffer.length) await this.flush();
    }
  }

  async flush(): Promise<void> {
    if (this.filled === 0) return;
    const file = `tokens-${String(this.shards.length).padStart(5, "0")}.bin`;
    const bytes = new Uint8Array(this.buffer.buffer, 0, this.filled * this.buffer.BYTES_PER_ELEMENT);
    await this.folder.write(file, bytes);
    this.shards.push({ file, tokens: this.filled, crc32: crc32(bytes) });
    this.filled = 0;
  }

  private copy(tokens: ArrayLike<number>, from: number, count: number): void {
    const { buffer, filled, tokenCount } = this;
    const { vocabSize } = this.options;
    for (let i = 0; i < count; i++) {
      const token = tokens[from + i];
      if (token >>> 0 !== token || token >= vocabSize) throw outside(token, vocabSize, tokenCount + i);
      buffer[filled + i] = token;
    }
    this.filled += count;
    this.tokenCount += count;
  }
}

function outside(token: number, vocabSize: number, position: number): ShardError {
  return new ShardError(
    "a token lies outside the vocabulary",
    `token ${token} at position ${position}, vocabulary of ${vocabSize}`,
    "give the vocabulary size of the tokenizer that encodes",
  );
}

/** The tokens of one split, read by windows. */
export interface TokenShards {
  readonly tokenCount: number;
  /** UTF-8 bytes of the text that the tokens stand for, for losses in bits a byte. */
  readonly byteCount: number;
  readonly vocabSize: number;
  readonly fingerprint?: string;
  /** Fills `target` with the tokens from position `start` on. Throws `ShardError` past the end. */
  read(start: number, target: Int32Array): Promise<void>;
}

/**
 * Opens complete shards after checking the size and checksum of each. Up to 64 MiB stay in memory; of
 * larger sets every read fetches its window from the folder. Progress is in bytes of the files.
 * @throws ShardError when they are missing, damaged or cut short.
 */
export async function openShards(folder: Folder, watching: Watching = {}): Promise<TokenShards> {
  const index = await readIndex(folder);
  const width = tokenBytes(index.dtype);
  const isSmall = index.tokenCount * width <= CACHED_BYTES;
  const kept = new Uint8Array(isSmall ? index.tokenCount * width : 0);
  let offset = 0;
  for (const shard of index.shards) {
    const size = shard.tokens * width;
    const check = (done: number) => {
      watching.signal?.throwIfAborted();
      watching.onProgress?.(offset + done, index.tokenCount * width);
    };
    await verify(folder, shard, size, check, isSmall ? kept.subarray(offset, offset + size) : undefined);
    offset += size;
  }
  const { tokenCount, byteCount, vocabSize, fingerprint } = index;
  const fill = isSmall ? readerOfMemory(view(kept, width)) : readerOfFolder(folder, index);
  const read = async (start: number, target: Int32Array) => {
    requireInside(folder, start, target.length, tokenCount);
    await fill(start, target);
  };
  return { tokenCount, byteCount, vocabSize, fingerprint, read };
}

type Fill = (start: number, target: Int32Array) => void | Promise<void>;

function readerOfMemory(tokens: Uint16Array | Uint32Array): Fill {
  return (start, target) => target.set(tokens.subarray(start, start + target.length));
}

function readerOfFolder(folder: Folder, { shards, dtype }: ShardIndex): Fill {
  const width = tokenBytes(dtype);
  return async (start, target) => {
    let first = 0;
    for (const { file, tokens } of shards) {
      const from = Math.max(start, first);
      const to = Math.min(start + target.length, first + tokens);
      if (from < to) {
        const bytes = new Uint8Array((to - from) * width);
        await folder.readInto(file, (from - first) * width, bytes);
        target.set(view(bytes, width), from - start);
      }
      first += tokens;
    }
  };
}

function view(bytes: Uint8Array, width: 2 | 4): Uint16Array | Uint32Array {
  const { buffer, byteOffset, length } = bytes;
  return width === 2
    ? new Uint16Array(buffer, byteOffset, length / 2)
    : new Uint32Array(buffer, byteOffset, length / 4);
}

async function verify(
  folder: Folder,
  shard: { file: string; tokens: number; crc32: number },
  size: number,
  check: (done: number) => void,
  keep?: Uint8Array,
): Promise<void> {
  const found = await folder.size(shard.file);
  if (found !== size) throw damaged(folder, shard.file, `${found ?? "no"} bytes instead of ${size}`);
  const chunk = keep ?? new Uint8Array(Math.min(size, VERIFY_BYTES));
  let crc = 0;
  for (let offset = 0; offset < size; offset += chunk.length) {
    const part = chunk.subarray(0, Math.min(chunk.length, size - offset));
    await folder.readInto(shard.file, offset, part);
    crc = crc32(part, crc);
    check(offset + part.length);
  }
  if (crc !== shard.crc32) throw damaged(folder, shard.file, `checksum ${crc} instead of ${shard.crc32}`);
}

function damaged(folder: Folder, file: string, found: string): ShardError {
  return new ShardError(
    "a token shard is damaged",
    `${folder.location}/${file}: ${found}`,
    "remove the folder and prepare the data again",
  );
}

function requireInside(folder: Folder, start: number, length: number, tokenCount: number): void {
  if (Number.isInteger(start) && start >= 0 && start + length <= tokenCount) return;
  throw new ShardError(
    "a window of tokens lies outside the shards",
    `tokens ${start} to ${start + length} of ${tokenCount} in ${folder.location}`,
    "read inside [0, tokenCount)",
  );
}
