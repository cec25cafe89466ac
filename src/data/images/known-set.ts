import { createHash, randomUUID } from "node:crypto";
import { mkdir, open, rename, rm, stat } from "node:fs/promises";
import { homedir } from "node:os";
import { join, resolve } from "node:path";
import { Readable } from "node:stream";
import type { ReadableStream as WebStream } from "node:stream/web";
import { DataError } from "../../files/errors.js";

/** A file that a publisher offers. */
export interface PublishedFile {
  readonly url: string;
  readonly file: string;
  /** As published beside it. */
  readonly md5: string;
}

/** Data sets that can be asked for by name. */
export const KNOWN_SETS: Readonly<Record<string, PublishedFile>> = {
  cifar10: {
    url: "https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz",
    file: "cifar-10-binary.tar.gz",
    md5: "c32a1d4ab5d03f1284b67883e8d87530",
  },
};

/** Told how many bytes are here, and of how many where the server says. */
export type OnReceived = (bytes: number, total: number | undefined) => void;

/** Where fetched data sets are kept: AUTODIDACT_CACHE, or ~/.cache/autodidact. */
export function cacheFolder(): string {
  return resolve(process.env.AUTODIDACT_CACHE || join(homedir(), ".cache", "autodidact"));
}

/**
 * The path of a published file in the cache, fetched at the first call. It appears there only once whole and
 * of the published checksum. A signal stops the download with its reason.
 * @throws DataError when it cannot be reached, is cut short, or is another file.
 */
export async function fetchPublished(
  published: PublishedFile,
  {
    folder = cacheFolder(),
    onReceived = () => {},
    signal,
  }: { readonly folder?: string; readonly onReceived?: OnReceived; readonly signal?: AbortSignal } = {},
): Promise<string> {
  const target = join(folder, published.file);
  if (await stat(target).catch(() => undefined)) return target;
  const temporary = `${target}.${process.pid}-${randomUUID()}.partial`;
  try {
    await mkdir(folder, { recursive: true });
    const md5 = await receive(published.url, temporary, onReceived, signal);
    if (md5 !== published.md5) throw wrongFile(published, md5);
    await rename(temporary, target);
    return target;
  } catch (error) {
    await rm(temporary, { force: true });
    signal?.throwIfAborted();
    if (error instanceof DataError) throw error;
    throw unreachable(published, target, error as Error);
  }
}

/** The checksum of what arrived. */
async function receive(
  url: string,
  path: string,
  onReceived: OnReceived,
  signal: AbortSignal | undefined,
): Promise<string> {
  const response = await fetch(url, { signal });
  if (!response.ok || !response.body) throw new Error(`HTTP ${response.status} ${response.statusText}`);
  const length = response.headers.get("content-length");
  const total = length === null ? undefined : Number(length);
  const hash = createHash("md5");
  const file = await open(path, "wx");
  try {
    let bytes = 0;
    for await (const chunk of Readable.fromWeb(response.body as WebStream)) {
      await file.writeFile(chunk);
      hash.update(chunk);
      bytes += chunk.length;
      onReceived(bytes, total);
      signal?.throwIfAborted();
    }
    await file.sync();
  } finally {
    await file.close();
  }
  return hash.digest("hex");
}

function wrongFile({ url, md5 }: PublishedFile, found: string): DataError {
  return new DataError(
    "a downloaded file is not the one that was published",
    `${url}: md5 ${found}, not ${md5}`,
    "it was removed; run again, and if it stays so, something on the way changes the bytes",
  );
}

function unreachable({ url, file }: PublishedFile, target: string, cause: Error): DataError {
  const reason = cause.cause instanceof Error ? `${cause.message}: ${cause.cause.message}` : cause.message;
  return new DataError(
    "a data set could not be downloaded",
    `${url}: ${reason}`,
    `run again, or fetch ${file} by other means and put it at ${target} or give its path`,
    { cause },
  );
}
