import type { CheckedFile } from "../files/checked-file.js";
import { crc32 } from "../files/crc32.js";
import type { Folder } from "../files/folder.js";

const CHUNK_BYTES = 8 * 2 ** 20;

/** A new file of prepared data that grows at its end, some megabytes at a time. */
export class AppendedFile {
  /** Given so far. */
  bytes = 0;
  private pieces: Uint8Array[] = [];
  private pending = 0;
  private crc = 0;

  constructor(
    private readonly folder: Folder,
    private readonly file: string,
  ) {}

  /** Keeps `piece` itself until it is written. */
  async add(piece: Uint8Array): Promise<void> {
    this.pieces.push(piece);
    this.pending += piece.length;
    this.bytes += piece.length;
    if (this.pending >= CHUNK_BYTES) await this.flush();
  }

  async finish(): Promise<CheckedFile> {
    await this.flush();
    return { file: this.file, bytes: this.bytes, crc32: this.crc };
  }

  private async flush(): Promise<void> {
    const chunk = new Uint8Array(this.pending);
    let filled = 0;
    for (const piece of this.pieces) {
      chunk.set(piece, filled);
      filled += piece.length;
    }
    await this.folder.append(this.file, chunk);
    this.crc = crc32(chunk, this.crc);
    this.pieces = [];
    this.pending = 0;
  }
}
