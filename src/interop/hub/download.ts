import { createHash, randomUUID } from "node:crypto";
import { createReadStream, createWriteStream } from "node:fs";
import { mkdir, open, readdir, rename, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { pipeline } from "node:stream/promises";
import { sizeOf } from "./cache.js";
import { HubError, HubUnreachableError } from "./errors.js";
import type { HubFile } from "./listing.js";

export interface Download {
  readonly file: HubFile;
  readonly url: string;
  /** Where the file goes once it is whole and its checksum is right. */
  readonly target: string;
  readonly fetch: typeof fetch;
  /** Told how much of the file is there: at the start, and as bytes arrive. */
  readonly onReceived: (bytes: number) => void;
  readonly signal?: AbortSignal;
}

/**
 * Fetches a file into `target`. Until it is whole and checked it lies beside it as *.incomplete; a later call
 * goes on from what is there, also when another program began it. Throws `HubError` for a cut connection and
 * for bytes that are not the announced ones.
 */
export async function download(job: Download): Promise<void> {
  const { file, target, signal } = job;
  const own = await claim(target);
  try {
    let at = await startAt(own, file.size);
    job.onReceived(at);
    while (at < file.size) {
      const { reached, cause } = await transfer(job, own, at);
      signal?.throwIfAborted();
      // A connection that is cut again and again still gets there, as long as each one brings something.
      if (reached <= at) throw cut(job, at, cause);
      at = reached;
    }
    await verify(file, own);
    await rename(own, target);
  } catch (error) {
    const isUseless = error instanceof WrongBytesError || !(await sizeOf(own));
    await (isUseless ? rm(own, { force: true }) : rename(own, `${target}.incomplete`));
    throw error;
  }
}

/**
 * A name that this call alone writes to, with what an earlier one left moved there. Processes that fetch the
 * same file at once each fetch it: none can wait for or spoil another's.
 */
async function claim(target: string): Promise<string> {
  await mkdir(dirname(target), { recursive: true });
  const own = `${target}.${process.pid}-${randomUUID()}.incomplete`;
  for (const name of await readdir(dirname(target))) {
    const left = join(dirname(target), name);
    if (!left.startsWith(`${target}.`) || !isLeft(left.slice(target.length))) continue;
    const isMine = await rename(left, own).then(
      () => true,
      () => false, // another call was first
    );
    if (isMine) break;
  }
  return own;
}

/** ".incomplete" was laid down by a call that ended; one with a process id is left when that process is gone. */
function isLeft(ending: string): boolean {
  if (ending === ".incomplete") return true;
  const pid = /^\.(\d+)-[\w-]+\.incomplete$/.exec(ending)?.[1];
  if (pid === undefined) return false;
  try {
    process.kill(Number(pid), 0);
    return false;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "ESRCH";
  }
}

/** How much is there already, of a file that exists from here on. */
async function startAt(own: string, size: number): Promise<number> {
  if (((await sizeOf(own)) ?? 0) > size) await rm(own);
  await open(own, "a").then((created) => created.close());
  return (await sizeOf(own)) ?? 0;
}

interface Transfer {
  readonly reached: number;
  /** Why it went no further. */
  readonly cause?: unknown;
}

/** One request for what is missing. A connection that breaks off is no error: what came is written. */
async function transfer(job: Download, own: string, start: number): Promise<Transfer> {
  // Compressed bytes could be neither counted nor resumed.
  const headers = { "accept-encoding": "identity", ...(start > 0 ? { range: `bytes=${start}-` } : {}) };
  let response: Response;
  try {
    response = await job.fetch(job.url, { headers });
  } catch (cause) {
    if (cause instanceof HubUnreachableError) return { reached: start, cause };
    throw cause;
  }
  const from = response.status === 206 ? start : 0;
  const range = response.headers.get("content-range");
  if (from > 0 && !range?.startsWith(`bytes ${start}-`)) throw wrong(job.file, `range ${range}`);
  const body = { at: from, cause: undefined as unknown };
  await pipeline(received(job, response, body), createWriteStream(own, { flags: "r+", start: from }));
  return { reached: body.at, cause: body.cause };
}

async function* received(job: Download, response: Response, body: { at: number; cause: unknown }) {
  const reader = response.body?.getReader();
  try {
    for (;;) {
      const next = await reader?.read().catch((cause) => {
        body.cause = cause;
      });
      if (!next?.value) return;
      body.at += next.value.length;
      if (body.at > job.file.size) throw wrong(job.file, "more bytes than that arrive");
      yield next.value;
      job.onReceived(body.at);
    }
  } finally {
    await reader?.cancel().catch(() => {});
  }
}

/** Checks the bytes as they lie on the disk and makes them durable. */
async function verify(file: HubFile, path: string): Promise<void> {
  const found = await checksumOf(path, file);
  if (found !== file.checksum) throw wrong(file, `${file.algorithm} ${found}, not ${file.checksum}`);
  const handle = await open(path, "r+");
  await handle.sync().finally(() => handle.close());
}

/** Git's name of a small file is the SHA-1 of its bytes behind a header. [git hash-object] */
async function checksumOf(path: string, { algorithm, size }: HubFile): Promise<string> {
  const hash = createHash(algorithm === "git" ? "sha1" : algorithm);
  if (algorithm === "git") hash.update(`blob ${size}\0`);
  await pipeline(createReadStream(path), hash);
  return hash.digest("hex");
}

function cut({ file }: Download, at: number, cause: unknown): HubError {
  return new HubError(
    "the connection to the Hub was cut",
    `${file.path}: ${at} of ${file.size} bytes are here`,
    "run again: it goes on from there",
    { cause },
  );
}

/** What was fetched must not be resumed. */
class WrongBytesError extends HubError {}

function wrong({ path, size }: HubFile, found: string): HubError {
  return new WrongBytesError(
    "a downloaded file is not the one that the Hub announced",
    `${path} (${size} bytes): ${found}`,
    "it was removed. Run again; if it stays so, something between here and the Hub changes the bytes",
  );
}
