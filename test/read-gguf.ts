/** A reader of GGUF files for tests, written from the format's description and not from our writer. */
import { fromHalf } from "../src/core/graph/dtype.js";

export interface ReadTensor {
  /** Fastest axis first, as in the file. */
  readonly dims: number[];
  readonly type: "F32" | "F16" | "Q8_0";
  /** From the start of the data. */
  readonly offset: number;
  readonly byteLength: number;
  readonly values: Float32Array;
}

export interface ReadGguf {
  readonly version: number;
  readonly metadata: Map<string, unknown>;
  readonly tensors: Map<string, ReadTensor>;
  /** Where the data starts in the file. */
  readonly dataStart: number;
}

export function readGguf(file: Uint8Array): ReadGguf {
  const cursor = new Cursor(file);
  if (cursor.text(4) !== "GGUF") throw new Error("no GGUF file");
  const version = cursor.uint32();
  const [tensorCount, metadataCount] = [cursor.uint64(), cursor.uint64()];
  const metadata = new Map<string, unknown>();
  for (let i = 0; i < metadataCount; i++) metadata.set(cursor.string(), cursor.value(cursor.uint32()));
  const infos = Array.from({ length: tensorCount }, () => ({
    name: cursor.string(),
    dims: Array.from({ length: cursor.uint32() }, () => cursor.uint64()),
    type: cursor.uint32(),
    offset: cursor.uint64(),
  }));
  const alignment = (metadata.get("general.alignment") as number) ?? 32;
  const dataStart = Math.ceil(cursor.at / alignment) * alignment;
  const tensors = new Map(
    infos.map(({ name, dims, type, offset }) => {
      const count = dims.reduce((a, b) => a * b, 1);
      const { of, blockLength, blockBytes, decode } = types[type as keyof typeof types];
      const byteLength = (count / blockLength) * blockBytes;
      const bytes = new DataView(file.buffer, file.byteOffset + dataStart + offset, byteLength);
      const values = Float32Array.from({ length: count }, (_, i) => decode(bytes, i));
      return [name, { dims, type: of, offset, byteLength, values }];
    }),
  );
  return { version, metadata, tensors, dataStart };
}

/** Element types by ggml's number. */
const types = {
  0: {
    of: "F32",
    blockLength: 1,
    blockBytes: 4,
    decode: (b: DataView, i: number) => b.getFloat32(4 * i, true),
  },
  1: {
    of: "F16",
    blockLength: 1,
    blockBytes: 2,
    decode: (b: DataView, i: number) => fromHalf(b.getUint16(2 * i, true)),
  },
  8: {
    of: "Q8_0",
    blockLength: 32,
    blockBytes: 34,
    decode(b: DataView, i: number) {
      const block = 34 * Math.floor(i / 32);
      return fromHalf(b.getUint16(block, true)) * b.getInt8(block + 2 + (i % 32));
    },
  },
} as const;

class Cursor {
  at = 0;
  private readonly view: DataView;

  constructor(private readonly file: Uint8Array) {
    this.view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  }

  uint32 = () => this.view.getUint32(this.skip(4), true);
  uint64 = () => Number(this.view.getBigUint64(this.skip(8), true));
  string = () => this.text(this.uint64());
  text = (length: number) => new TextDecoder().decode(this.file.subarray(this.skip(length), this.at));

  /** A value of the metadata, by the number of its type. */
  value(type: number): unknown {
    const whole = (big: bigint) => (Number.isSafeInteger(Number(big)) ? Number(big) : big);
    if (type === 0) return this.view.getUint8(this.skip(1));
    if (type === 1) return this.view.getInt8(this.skip(1));
    if (type === 2) return this.view.getUint16(this.skip(2), true);
    if (type === 3) return this.view.getInt16(this.skip(2), true);
    if (type === 4) return this.uint32();
    if (type === 5) return this.view.getInt32(this.skip(4), true);
    if (type === 6) return this.view.getFloat32(this.skip(4), true);
    if (type === 7) return this.view.getUint8(this.skip(1)) !== 0;
    if (type === 8) return this.string();
    if (type === 10) return whole(this.view.getBigUint64(this.skip(8), true));
    if (type === 11) return whole(this.view.getBigInt64(this.skip(8), true));
    if (type === 12) return this.view.getFloat64(this.skip(8), true);
    if (type !== 9) throw new Error(`metadata of type ${type}`);
    const element = this.uint32();
    return Array.from({ length: this.uint64() }, () => this.value(element));
  }

  private skip(count: number): number {
    this.at += count;
    return this.at - count;
  }
}
