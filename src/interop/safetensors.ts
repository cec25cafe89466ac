/**
 * safetensors files: a JSON header and raw little-endian tensors, nothing that could run.
 * [https://huggingface.co/docs/safetensors, "Format"]
 */
import { fromHalf } from "../core/graph/dtype.js";
import type { Folder } from "../files/folder.js";
import { CheckpointError } from "./errors.js";
import {
  damaged,
  elementBytes,
  headerLength,
  lengthBytes,
  parseHeader,
  type SafetensorsHeader,
  type TensorEntry,
} from "./safetensors-header.js";

/** A tensor in memory. */
export interface NamedArray {
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

/** An open safetensors file, or several shards as one: tensors are read when asked for. */
export interface TensorFile {
  readonly entries: ReadonlyMap<string, TensorEntry>;
  readonly metadata: Readonly<Record<string, string>>;
  /**
   * A tensor as float32, into `target` when given (of exactly its size). float16 and bfloat16 widen, float64 is rounded.
   * Throws `CheckpointError` for a name that is not there or an integer tensor, `FolderError` for a file cut since.
   */
  read(name: string, target?: Float32Array): Promise<Float32Array>;
}

/** Most bytes that are asked of a folder at once: Node reads fewer than 2^31. */
const readLength = 2 ** 30;

/** Opens a file by its header. Throws `CheckpointError` for a damaged one. */
export async function openSafetensors(folder: Folder, path: string): Promise<TensorFile> {
  const source = `${folder.location}/${path}`;
  const fileSize = await folder.size(path);
  if (fileSize === undefined) {
    throw new CheckpointError("there is no such weights file", source, "check the name and the folder");
  }
  const header = await readHeader(folder, path, fileSize, source);
  return {
    ...header,
    async read(name, target) {
      const entry = header.entries.get(name);
      if (!entry) {
        const names = [...header.entries.keys()].slice(0, 5).join(", ");
        throw new CheckpointError(
          "a tensor is not in the file",
          `${name} in ${source}`,
          `it has ${names}, ...`,
        );
      }
      return readTensor(folder, path, entry, `tensor ${name} of ${source}`, target);
    },
  };
}

async function readHeader(
  folder: Folder,
  path: string,
  fileSize: number,
  source: string,
): Promise<SafetensorsHeader> {
  if (fileSize < lengthBytes) throw damaged(source, "it is cut short", `${fileSize} bytes`);
  const prefix = new Uint8Array(lengthBytes);
  await folder.readInto(path, 0, prefix);
  const header = new Uint8Array(headerLength(prefix, fileSize, source));
  await folder.readInto(path, lengthBytes, header);
  return parseHeader(header, fileSize, source);
}

async function readTensor(
  folder: Folder,
  path: string,
  { type, shape, start, end }: TensorEntry,
  what: string,
  target?: Float32Array,
): Promise<Float32Array> {
  const length = (end - start) / elementBytes[type];
  const floats = target ?? new Float32Array(length);
  if (floats.length !== length) {
    throw new CheckpointError(
      "a tensor does not fit where it should go",
      `${what}: [${shape}] into ${floats.length} elements`,
      "give an array of the tensor's size",
    );
  }
  const convert = type === "F32" ? undefined : conversions[type];
  if (type !== "F32" && !convert) {
    throw new CheckpointError(
      "a tensor is not of a float type",
      `${what}: ${type}`,
      "F32, F16, BF16 and F64 can be read; quantised models have to be converted first",
    );
  }
  const raw = convert
    ? new Uint8Array(end - start)
    : new Uint8Array(floats.buffer, floats.byteOffset, floats.byteLength);
  for (let at = 0; at < raw.length; at += readLength) {
    await folder.readInto(path, start + at, raw.subarray(at, at + readLength));
  }
  convert?.(raw.buffer, floats);
  return floats;
}

/** How the bytes of other float types become float32. */
const conversions: Partial<Record<TensorEntry["type"], (raw: ArrayBufferLike, out: Float32Array) => void>> = {
  F16(raw, out) {
    const halves = new Uint16Array(raw);
    for (let i = 0; i < out.length; i++) out[i] = fromHalf(halves[i]);
  },
  // bfloat16 is the upper half of a float32.
  BF16(raw, out) {
    const halves = new Uint16Array(raw);
    const bits = new Uint32Array(out.buffer, out.byteOffset, out.length);
    for (let i = 0; i < out.length; i++) bits[i] = halves[i] << 16;
  },
  F64: (raw, out) => out.set(new Float64Array(raw)),
};

/**
 * Writes float32 tensors, sorted by name, so that equal tensors give equal bytes. The arrays are written
 * as they lie, without a copy.
 */
export async function writeSafetensors(
  folder: Folder,
  path: string,
  tensors: ReadonlyMap<string, NamedArray>,
  metadata: Readonly<Record<string, string>> = { format: "pt" },
): Promise<void> {
  const sorted = [...tensors].sort(([a], [b]) => (a < b ? -1 : 1));
  const header: [string, unknown][] = [["__metadata__", metadata]];
  let offset = 0;
  for (const [name, { shape, data }] of sorted) {
    checkWritable(name, shape, data);
    const end = offset + data.byteLength;
    header.push([name, { dtype: "F32", shape, data_offsets: [offset, end] }]);
    offset = end;
  }
  const json = new TextEncoder().encode(JSON.stringify(Object.fromEntries(header)));
  const start = new Uint8Array(lengthBytes + Math.ceil(json.length / 8) * 8).fill(0x20);
  new DataView(start.buffer).setBigUint64(0, BigInt(start.length - lengthBytes), true);
  start.set(json, lengthBytes);
  const arrays = sorted.map(([, { data }]) => new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
  await folder.write(path, start, ...arrays);
}

function checkWritable(name: string, shape: readonly number[], data: Float32Array): void {
  if (name !== "__metadata__" && shape.reduce((a, b) => a * b, 1) === data.length) return;
  throw new CheckpointError(
    "a tensor cannot be saved",
    `${name}: ${data.length} values for [${shape}]`,
    "give as many values as the shape has elements, under a name other than __metadata__",
  );
}
