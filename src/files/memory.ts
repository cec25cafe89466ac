import { joinArrays } from "../core/join-arrays.js";
import { FolderError, MissingFileError } from "./errors.js";
import { type Folder, type Part, piecesOf } from "./folder.js";
import { entryPath, insidePath } from "./paths.js";

/** An empty folder in memory: for tests, and for a browser tab that keeps nothing. */
export function memoryFolder(name = "memory"): Folder {
  return new MemoryFolder(new Map(), name, "");
}

class MemoryFolder implements Folder {
  constructor(
    private readonly files: Map<string, Uint8Array>,
    private readonly root: string,
    private readonly prefix: string,
  ) {}

  get location(): string {
    return `${this.root}:/${this.prefix}`;
  }

  async read(path: string): Promise<Uint8Array> {
    return this.bytes(path).slice();
  }

  async readInto(path: string, offset: number, target: Uint8Array): Promise<void> {
    const bytes = this.bytes(path);
    const end = offset + target.length;
    if (end > bytes.length) {
      throw new FolderError(
        "a file ends before the bytes that were asked for",
        `${this.location}${path} ends at byte ${bytes.length}, wanted up to byte ${end}`,
        "the file was cut short: make it again",
      );
    }
    target.set(bytes.subarray(offset, end));
  }

  async size(path: string): Promise<number | undefined> {
    return this.files.get(this.entry(path))?.length;
  }

  async write(path: string, ...parts: Part[]): Promise<void> {
    this.files.set(this.entry(path), joined(parts));
  }

  async append(path: string, part: Uint8Array | string): Promise<void> {
    const before = this.files.get(this.entry(path)) ?? new Uint8Array();
    this.files.set(this.entry(path), joined([before, part]));
  }

  async rename(from: string, to: string): Promise<void> {
    const [source, target] = [this.entry(from), this.entry(to)];
    const moved = [...this.files].filter(([name]) => isAtOrUnder(name, source));
    if (moved.length === 0) throw missing(this.location + from);
    if ([...this.files.keys()].some((name) => name.startsWith(`${target}/`))) {
      throw new FolderError("the name is taken", this.location + to, "remove what is there first");
    }
    for (const [name] of moved) this.files.delete(name);
    for (const [name, bytes] of moved) this.files.set(target + name.slice(source.length), bytes);
  }

  async list(path: string): Promise<string[]> {
    const start = withSlash(this.prefix + insidePath(this.location, path));
    const inside = [...this.files.keys()].filter((name) => name.startsWith(start));
    return [...new Set(inside.map((name) => name.slice(start.length).split("/")[0]))].sort();
  }

  async remove(path: string): Promise<void> {
    const target = this.entry(path);
    for (const name of [...this.files.keys()]) if (isAtOrUnder(name, target)) this.files.delete(name);
  }

  folder(path: string): Folder {
    return new MemoryFolder(this.files, this.root, withSlash(this.prefix + insidePath(this.location, path)));
  }

  private entry(path: string): string {
    return this.prefix + entryPath(this.location, path);
  }

  private bytes(path: string): Uint8Array {
    const bytes = this.files.get(this.entry(path));
    if (bytes === undefined) throw missing(this.location + path);
    return bytes;
  }
}

function withSlash(path: string): string {
  return path === "" || path.endsWith("/") ? path : `${path}/`;
}

function isAtOrUnder(name: string, path: string): boolean {
  return name === path || name.startsWith(`${path}/`);
}

function missing(path: string): MissingFileError {
  return new MissingFileError("there is no such file", path, "check the name and the folder");
}

function joined(parts: Part[]): Uint8Array {
  const encoder = new TextEncoder();
  const pieces = parts.flatMap((part) => [...piecesOf(part)]);
  const bytes = pieces.map((piece) => (typeof piece === "string" ? encoder.encode(piece) : piece));
  return joinArrays(Uint8Array, bytes);
}
