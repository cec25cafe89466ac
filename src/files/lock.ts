import { mkdir, open, readFile, rm, stat } from "node:fs/promises";
import { hostname } from "node:os";
import { join, resolve } from "node:path";
import { FolderError } from "./errors.js";

/** What owns a folder, as `run.lock` names it. */
export interface LockOwner {
  readonly pid: number;
  readonly host: string;
  /** When its process started, in ISO 8601. */
  readonly started: string;
  /** The same in the kernel's clock ticks, on Linux: no later process of this pid has it. */
  readonly startTicks?: number;
}

export interface FolderLock {
  /** Gives the folder up; nothing happens when the lock is gone. */
  release(): Promise<void>;
}

const lockName = "run.lock";
/** A lock is written in no time: a file that cannot be read for longer was left by a kill. */
const unfinishedMs = 10_000;

/**
 * Makes this process the only owner of a folder until it releases it or ends; creates the folder when missing. The lock
 * of a process that is no more is taken over. Throws `FolderError` where another one, or this one, owns the folder, and
 * for a lock of another machine, of which nothing can be told.
 */
export async function lockFolder(path: string): Promise<FolderLock> {
  const folder = resolve(path);
  await mkdir(folder, { recursive: true }).catch((cause: Error) => {
    throw new FolderError("a folder cannot be made", cause.message, advice, { cause });
  });
  const lock = join(folder, lockName);
  const own = JSON.stringify(await thisProcess());
  if (!(await create(lock, own))) {
    await requireStale(lock);
    await takeOver(lock, own);
  }
  return {
    async release() {
      if ((await text(lock)) === own) await rm(lock, { force: true });
    },
  };
}

async function thisProcess(): Promise<LockOwner> {
  const started = new Date(performance.timeOrigin).toISOString();
  return { pid: process.pid, host: hostname(), started, startTicks: await startTicksOf(process.pid) };
}

/** Whether the file could be created: it was not there. */
async function create(path: string, content: string): Promise<boolean> {
  try {
    const file = await open(path, "wx");
    await file.writeFile(content).finally(() => file.close());
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw new FolderError("a folder cannot be locked", `${path}: ${(error as Error).message}`, advice, {
      cause: error,
    });
  }
}

const advice = "check that the folder can be written to, and that the disk is not full";

/** Of two processes that find a stale lock, one replaces it: the other one finds this second lock, or the new first. */
async function takeOver(lock: string, own: string): Promise<void> {
  const turn = `${lock}.takeover`;
  if (await isUnfinished(turn)) await rm(turn, { force: true });
  if (!(await create(turn, own))) throw refusal(lock, await ownerOf(turn));
  try {
    await requireStale(lock);
    await rm(lock, { force: true });
    if (!(await create(lock, own))) throw refusal(lock, await ownerOf(lock));
  } finally {
    await rm(turn, { force: true });
  }
}

/** Throws `FolderError` where the lock's owner may be at work. */
async function requireStale(lock: string): Promise<void> {
  const owner = await ownerOf(lock);
  const isStale = owner ? owner.host === hostname() && !(await isAlive(owner)) : await isUnfinished(lock);
  if (isStale || (await text(lock)) === undefined) return;
  throw refusal(lock, owner);
}

/** Whether the very process still runs, not another one that got its pid. */
async function isAlive({ pid, startTicks }: LockOwner): Promise<boolean> {
  try {
    process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM"; // somebody else's
  }
  const ticks = await startTicksOf(pid);
  return startTicks === undefined || ticks === undefined || ticks === startTicks;
}

/** Field 22 of Linux's /proc/<pid>/stat; undefined elsewhere. The name, field 2, may hold blanks and brackets. */
async function startTicksOf(pid: number): Promise<number | undefined> {
  const found = await text(`/proc/${pid}/stat`);
  return found === undefined ? undefined : Number(found.slice(found.lastIndexOf(")") + 2).split(" ")[19]);
}

/** Whether the file has been there for long without naming an owner. */
async function isUnfinished(path: string): Promise<boolean> {
  const found = await stat(path).catch(() => undefined);
  if (!found || Date.now() - found.mtimeMs < unfinishedMs) return false;
  return path.endsWith(lockName) ? (await ownerOf(path)) === undefined : true;
}

async function ownerOf(path: string): Promise<LockOwner | undefined> {
  try {
    const { pid, host, started, startTicks } = JSON.parse((await text(path)) ?? "");
    return Number.isSafeInteger(pid) && pid > 0 && typeof host === "string"
      ? { pid, host, started, startTicks }
      : undefined;
  } catch {
    return undefined;
  }
}

const text = (path: string) => readFile(path, "utf8").catch(() => undefined);

function refusal(lock: string, owner: LockOwner | undefined): FolderError {
  const who = owner
    ? `process ${owner.pid} on ${owner.host}, started ${owner.started}`
    : "a process that is just starting";
  return new FolderError(
    "another process is at work in this folder",
    `${lock}: ${who}`,
    owner === undefined || owner.host === hostname()
      ? "wait until it has ended, or stop it"
      : `whether it still runs cannot be told from ${hostname()}; when it is certain that it has ended, delete ${lockName}`,
  );
}
