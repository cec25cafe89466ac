/**
 * GGUF files, version 3: metadata by key, tensors by name, each at a multiple of 32 bytes.
 * [https://github.com/ggml-org/ggml/blob/master/docs/gguf.md]
 */
import type { Folder } from "../../files/folder.js";

/** A value of the metadata; writes itself, its type first. */
export type GgufValue = (out: GgufBytes) => void;

/** A tensor whose bytes are made when its turn comes. */
export interface GgufTensor {
  readonly name: string;
  /** Outermost axis first, as everywhere here; the file has them the other way round. */
  readonly shape: readonly number[];
  /** ggml's number for the element type. */
  readonly type: number;
  readonly byteLength: number;
  bytes(): Uint8Array;
}

const alignment = 32;

const valueTypes = { uint32: 4, int32: 5, float32: 6, bool: 7, string: 8, array: 9 };

export const uint32 = (value: number): GgufValue => typed("uint32", (out) => out.uint32(value));
export const float32 = (value: number): GgufValue => typed("float32", (out) => out.float32(value));
export const bool = (value: boolean): GgufValue => typed("bool", (out) => out.byte(value ? 1 : 0));
export const string = (value: string): GgufValue => typed("string", (out) => out.string(value));
export const int32s = (values: readonly number[]): GgufValue =>
  list("int32", values, (out, value) => out.uint32(value));
export const float32s = (values: readonly number[]): GgufValue =>
  list("float32", values, (out, value) => out.float32(value));
export const strings = (values: readonly string[]): GgufValue =>
  list("string", values, (out, value) => out.string(value));

function typed(type: keyof typeof valueTypes, write: GgufValue): GgufValue {
  return (out) => {
    out.uint32(valueTypes[type]);
    write(out);
  };
}

function list<T>(
  type: keyof typeof valueTypes,
  values: readonly T[],
  write: (out: GgufBytes, value: T) => void,
): GgufValue {
  return typed("array", (out) => {
    out.uint32(valueTypes[type]);
    out.uint64(values.length);
    for (const value of values) write(out, value);
  });
}

/** Writes a file. One tensor at a time is in memory beside the caller's own. */
export async function writeGguf(
  folder: Folder,
  path: string,
  metadata: ReadonlyMap<string, GgufValue>,
  tensors: readonly GgufTensor[],
): Promise<void> {
  await folder.write(path, header(metadata, tensors), padded(tensors));
}

function header(metadata: ReadonlyMap<string, GgufValue>, tensors: readonly GgufTensor[]): Uint8Array {
  const out = new GgufBytes();
  for (const letter of "GGUF") out.byte(letter.charCodeAt(0));
  out.uint32(3);
  out.uint64(tensors.length);
  out.uint64(metadata.size);
  for (const [key, value] of metadata) {
    out.string(key);
    value(out);
  }
  let offset = 0;
  for (const { name, shape, type, byteLength } of tensors) {
    out.string(name);
    out.uint32(shape.length);
    for (const size of shape.toReversed()) out.uint64(size);
    out.uint32(type);
    out.uint64(offset);
    offset += byteLength + padding(byteLength);
  }
  for (let count = padding(out.length); count > 0; count--) out.byte(0);
  return out.finished();
}

function* padded(tensors: readonly GgufTensor[]): Generator<Uint8Array> {
  for (const tensor of tensors) {
    yield tensor.bytes();
    yield new Uint8Array(padding(tensor.byteLength));
  }
}

const padding = (length: number) => (alignment - (length % alignment)) % alignment;

/** Little-endian bytes in the making. */
export class GgufBytes {
  length = 0;
  private buffer = new Uint8Array(2 ** 16);
  private view = new DataView(this.buffer.buffer);
  private readonly encoder = new TextEncoder();

  byte(value: number): void {
    const at = this.grow(1);
    this.view.setUint8(at, value);
  }

  uint32(value: number): void {
    const at = this.grow(4);
    this.view.setUint32(at, value, true);
  }

  uint64(value: number): void {
    const at = this.grow(8);
    this.view.setBigUint64(at, BigInt(value), true);
  }

  float32(value: number): void {
    const at = this.grow(4);
    this.view.setFloat32(at, value, true);
  }

  string(text: string): void {
    const bytes = this.encoder.encode(text);
    this.uint64(bytes.length);
    const at = this.grow(bytes.length);
    this.buffer.set(bytes, at);
  }

  finished(): Uint8Array {
    return this.buffer.subarray(0, this.length);
  }

  /** Makes room, for which buffer and view may become others; returns where it begins. */
  private grow(count: number): number {
    const start = this.length;
    this.length += count;
    if (this.length > this.buffer.length) {
      const larger = new Uint8Array(2 * this.length);
      larger.set(this.buffer);
      this.buffer = larger;
      this.view = new DataView(larger.buffer);
    }
    return start;
  }
}
