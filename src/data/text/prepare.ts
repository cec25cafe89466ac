import type { Watching } from "../../core/watching.js";
import { crc32 } from "../../files/crc32.js";
import { ShardError } from "../../files/errors.js";
import type { Folder } from "../../files/folder.js";
import type { Corpus } from "./corpus.js";
import type { Piece } from "./document.js";
import { type EncodePiece, openShards, type ShardOptions, type TokenShards, writeShards } from "./shards.js";

/** What to encode and where the tokens go. */
export interface PrepareOptions extends Omit<ShardOptions, "fingerprint"> {
  readonly corpus: Pick<Corpus, "train" | "validation" | "fingerprint">;
  readonly encode: EncodePiece;
  /** Receives `train/` and `validation/`. */
  readonly folder: Folder;
}

/** The tokens of both splits. */
export interface PreparedTokens {
  readonly train: TokenShards;
  readonly validation: TokenShards;
}

const PROBE_CODE_UNITS = 2 ** 16;

/**
 * The corpus as tokens in `train/` and `validation/`. Shards from an earlier run are used again when they
 * are whole and were made from the same corpus by the same tokenizer, which is told by how it encodes the
 * beginning of the text; otherwise they are written anew. Progress is in bytes of the corpus's files, which each
 * split reads once; a split that was stopped leaves nothing, one that was complete stays.
 */
export async function prepareTokens(options: PrepareOptions): Promise<PreparedTokens> {
  const fingerprint = `${options.corpus.fingerprint}-${await encodingFingerprint(options)}`;
  const prepare = async (name: "train" | "validation"): Promise<TokenShards> => {
    const folder = options.folder.folder(name);
    const { vocabSize, shardTokens, signal } = options;
    const found = await openShards(folder, { signal }).catch(unlessUnusable);
    if (found?.fingerprint === fingerprint) return found;
    const pieces: AsyncIterable<Piece> = options.corpus[name](ofSplit(name, options));
    await writeShards(folder, pieces, options.encode, { vocabSize, shardTokens, fingerprint, signal });
    return openShards(folder, { signal });
  };
  return { train: await prepare("train"), validation: await prepare("validation") };
}

/** The progress of one split as that of both. */
function ofSplit(name: "train" | "validation", { signal, onProgress }: Watching): Watching {
  if (!onProgress) return { signal };
  const both = (done: number, total = 0) => onProgress(name === "train" ? done : total + done, 2 * total);
  return { signal, onProgress: both };
}

function unlessUnusable(error: unknown): undefined {
  if (!(error instanceof ShardError)) throw error;
}

async function encodingFingerprint({ corpus, encode, vocabSize }: PrepareOptions): Promise<string> {
  for await (const { text, isEnd, isStart } of corpus.train()) {
    const probe = text.slice(0, PROBE_CODE_UNITS).replace(/[\ud800-\udbff]$/, "");
    const tokens = Int32Array.from(encode(probe, isEnd, isStart));
    return `${vocabSize}-${crc32(new Uint8Array(tokens.buffer)).toString(16).padStart(8, "0")}`;
  }
  return `${vocabSize}-empty`;
}
