/** Reads the little-endian values of a GGUF header, none of them past the end of the file. */
import { GgufError } from "./errors.js";

/** A value of the metadata; whole numbers of 64 bits that a double cannot hold are `bigint`. */
export type MetadataValue = number | bigint | boolean | string | readonly MetadataValue[];

/** Thrown where the bytes at hand end and the file does not: `end` bytes are needed. */
export class MoreBytesNeeded {
  constructor(readonly end: number) {}
}

/** Lists in lists in lists: no file has them, and each level takes a place on the stack. */
const deepest = 8;

/** The number types of the metadata by their number: bytes, and how they are read. */
const numbers: Readonly<Record<number, [number, (view: DataView, at: number) => number | bigint]>> = {
  0: [1, (view, at) => view.getUint8(at)],
  1: [1, (view, at) => view.getInt8(at)],
  2: [2, (view, at) => view.getUint16(at, true)],
  3: [2, (view, at) => view.getInt16(at, true)],
  4: [4, (view, at) => view.getUint32(at, true)],
  5: [4, (view, at) => view.getInt32(at, true)],
  6: [4, (view, at) => shortest(view.getFloat32(at, true))],
  10: [8, (view, at) => narrowed(view.getBigUint64(at, true))],
  11: [8, (view, at) => narrowed(view.getBigInt64(at, true))],
  12: [8, (view, at) => view.getFloat64(at, true)],
};
const [boolType, stringType, arrayType] = [7, 8, 9];

/** Reads on from byte 0. Throws `GgufError` where the file ends too early, `MoreBytesNeeded` where only `bytes` do. */
export class Cursor {
  at = 0;
  private readonly view: DataView;
  private readonly decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

  constructor(
    private readonly bytes: Uint8Array,
    private readonly fileSize: number,
    private readonly source: string,
  ) {
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  uint32(): number {
    return this.view.getUint32(this.skip(4), true);
  }

  uint64(what: string): number {
    const value = narrowed(this.view.getBigUint64(this.skip(8), true));
    if (typeof value === "number") return value;
    throw this.damaged(`${what} cannot be right`, String(value));
  }

  /** How many of something follow, each of at least `leastBytes`. */
  count(what: string, leastBytes: number): number {
    const count = this.uint64(what);
    if (count * leastBytes <= this.fileSize - this.at) return count;
    throw this.damaged(
      `${what} cannot be right`,
      `${count}, with ${this.fileSize - this.at} bytes to the end of the file`,
    );
  }

  string(what: string): string {
    const length = this.count(`the length of ${what}`, 1);
    const start = this.skip(length);
    try {
      return this.decoder.decode(this.bytes.subarray(start, this.at));
    } catch {
      throw this.damaged(`${what} is not UTF-8`, `${length} bytes at byte ${start}`);
    }
  }

  value(what: string, type = this.uint32(), depth = 0): MetadataValue {
    const number = numbers[type];
    if (number) return number[1](this.view, this.skip(number[0]));
    if (type === boolType) return this.view.getUint8(this.skip(1)) !== 0;
    if (type === stringType) return this.string(what);
    if (type === arrayType && depth < deepest) return this.array(what, depth);
    throw this.damaged(`${what} has an unknown type`, `${type}, lists in lists: ${depth}`);
  }

  damaged(what: string, found: string): GgufError {
    return damaged(this.source, what, found);
  }

  private array(what: string, depth: number): MetadataValue[] {
    const type = this.uint32();
    const leastBytes = numbers[type]?.[0] ?? { [boolType]: 1, [stringType]: 8, [arrayType]: 12 }[type] ?? 1;
    const count = this.count(`the length of ${what}`, leastBytes);
    const values: MetadataValue[] = [];
    while (values.length < count) values.push(this.value(what, type, depth + 1));
    return values;
  }

  /** Steps over bytes that are there; returns where they begin. */
  private skip(count: number): number {
    const start = this.at;
    const end = start + count;
    if (end > this.fileSize) {
      throw this.damaged("it is cut short", `${this.fileSize} bytes; its header goes on to byte ${end}`);
    }
    if (end > this.bytes.length) throw new MoreBytesNeeded(end);
    this.at = end;
    return start;
  }
}

function narrowed(value: bigint): number | bigint {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}

/** The shortest decimal that rounds to a float32: what 1e-5 was before it was written. */
function shortest(value: number): number {
  for (let digits = 1; digits <= 9; digits++) {
    const decimal = Number(value.toPrecision(digits));
    if (Object.is(Math.fround(decimal), value)) return decimal;
  }
  return value;
}

/** The error for a GGUF file that is not as it should be. */
export function damaged(source: string, what: string, found: string): GgufError {
  return new GgufError(
    `a GGUF file is damaged: ${what}`,
    `${source}: ${found}`,
    "fetch the file again; an interrupted download is the usual cause",
  );
}
