import * as fs from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { FolderError, MissingFileError } from "./errors.js";
import { type Folder, type Part, piecesOf } from "./folder.js";
import { entryPath, insidePath } from "./paths.js";

const TEMPORARY = /^\..*\.partial$/;
const ABANDONED_MS = 3_600_000;
const sweptFolders = new Set<string>();
let temporaryCount = 0;

/**
 * A folder on disk, created at its first write. A written file is complete or not there: temporary name
 * in the same folder, fsync, rename, fsync of the folder.
 * @throws FolderError for a path that leads outside and for a full disk; MissingFileError for no such file.
 */
export function openFolder(path: string): Folder {
  return new DiskFolder(resolve(path));
}

class DiskFolder implements Folder {
  constructor(readonly location: string) {}

  async read(path: string): Promise<Uint8Array> {
    const full = this.entry(path);
    const bytes = await fs.readFile(full).catch((error) => fail(error, full));
    return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  async readInto(path: string, offset: number, target: Uint8Array): Promise<void> {
    const full = this.entry(path);
    const file = await fs.open(full, "r").catch((error) => fail(error, full));
    try {
      for (let filled = 0; filled < target.length; ) {
        const { bytesRead } = await file.read(target, filled, target.length - filled, offset + filled);
        if (bytesRead === 0) throw shortFile(full, offset + filled, offset + target.length);
        filled += bytesRead;
      }
    } finally {
      await file.close();
    }
  }

  async size(path: string): Promise<number | undefined> {
    const stats = await fs.stat(this.entry(path)).catch(ignoreMissing);
    return stats?.isFile() ? stats.size : undefined;
  }

  async write(path: string, ...parts: Part[]): Promise<void> {
    const full = this.entry(path);
    await makeDurableFolder(dirname(full));
    await sweepOnce(dirname(full));
    const temporary = join(dirname(full), `.${process.pid}-${temporaryCount++}.partial`);
    try {
      await writeParts(temporary, "wx", parts);
      await fs.rename(temporary, full);
      await syncFolder(dirname(full));
    } catch (error) {
      await fs.rm(temporary, { force: true });
      fail(error, full);
    }
  }

  async append(path: string, part: Uint8Array | string): Promise<void> {
    const full = this.entry(path);
    await makeDurableFolder(dirname(full));
    await fs.appendFile(full, part).catch((error) => fail(error, full));
  }

  async rename(from: string, to: string): Promise<void> {
    const [source, target] = [this.entry(from), this.entry(to)];
    await fs.stat(source).catch((error) => fail(error, source));
    await makeDurableFolder(dirname(target));
    await fs.rename(source, target).catch((error) => fail(error, target));
    await syncFolder(dirname(target));
    await syncFolder(dirname(source));
  }

  async list(path: string): Promise<string[]> {
    const full = join(this.location, insidePath(this.location, path));
    const names = await fs.readdir(full).catch(ignoreMissing);
    return (names ?? []).filter((name) => !TEMPORARY.test(name)).sort();
  }

  async remove(path: string): Promise<void> {
    await fs.rm(this.entry(path), { recursive: true, force: true });
  }

  folder(path: string): Folder {
    return new DiskFolder(join(this.location, insidePath(this.location, path)));
  }

  private entry(path: string): string {
    return join(this.location, entryPath(this.location, path));
  }
}

async function writeParts(path: string, flags: string, parts: readonly Part[]): Promise<void> {
  const file = await fs.open(path, flags);
  try {
    for (const part of parts) {
      for (const piece of piecesOf(part)) await file.writeFile(piece);
    }
    await file.sync();
  } finally {
    await file.close();
  }
}

/** Removes what killed writers left behind: temporary files that nobody has written to for an hour. */
async function sweepOnce(folder: string): Promise<void> {
  if (sweptFolders.has(folder)) return;
  sweptFolders.add(folder);
  for (const name of (await fs.readdir(folder)).filter((name) => TEMPORARY.test(name))) {
    const stats = await fs.stat(join(folder, name)).catch(ignoreMissing);
    const isAbandoned = stats !== undefined && Date.now() - stats.mtimeMs > ABANDONED_MS;
    if (isAbandoned) await fs.rm(join(folder, name), { force: true });
  }
}

async function makeDurableFolder(path: string): Promise<void> {
  const firstMade = await fs.mkdir(path, { recursive: true }).catch((error) => fail(error, path));
  if (firstMade === undefined) return;
  for (let made = path; ; made = dirname(made)) {
    await syncFolder(dirname(made));
    if (made === firstMade || made === dirname(made)) return;
  }
}

async function syncFolder(path: string): Promise<void> {
  if (process.platform === "win32") return; // Windows has no fsync of a folder.
  const folder = await fs.open(path, "r");
  await folder.sync().finally(() => folder.close());
}

function codeOf(error: unknown): string {
  return (error as NodeJS.ErrnoException).code ?? "";
}

function ignoreMissing(error: unknown): undefined {
  if (codeOf(error) !== "ENOENT" && codeOf(error) !== "ENOTDIR") throw error;
}

function shortFile(path: string, at: number, end: number): FolderError {
  return new FolderError(
    "a file ends before the bytes that were asked for",
    `${path} ends at byte ${at}, wanted up to byte ${end}`,
    "the file was cut short: make it again",
  );
}

function fail(error: unknown, path: string): never {
  const cause = error as Error;
  switch (codeOf(error)) {
    case "ENOENT":
    case "EISDIR":
    case "ENOTDIR":
      throw new MissingFileError("there is no such file", path, "check the name and the folder", { cause });
    case "ENOSPC":
    case "EDQUOT":
      throw new FolderError(
        "the disk is full",
        `${codeOf(error)} while writing ${path}; what was there before is kept`,
        "free some space or choose another folder, then run again",
        { cause },
      );
    case "EACCES":
    case "EPERM":
    case "EROFS":
      throw new FolderError(
        "the folder does not allow this",
        `${codeOf(error)} at ${path}`,
        "change the permissions or choose another folder",
        { cause },
      );
    case "ENOTEMPTY":
    case "EEXIST":
      throw new FolderError("the name is taken", path, "remove what is there first or choose another name", {
        cause,
      });
    default:
      throw error;
  }
}
