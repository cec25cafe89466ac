/** A GGUF model open for reading: one file, or the shards of one that llama.cpp has split. */
import type { Folder } from "../../files/folder.js";
import { damaged, type MetadataValue } from "./cursor.js";
import { dequantise } from "./dequantise.js";
import { GgufError } from "./errors.js";
import { type GgufHeader, readHeader, type TensorPlace } from "./header.js";
import { layouts } from "./tensor-layouts.js";

/** Tensors are read when asked for. */
export interface OpenGguf {
  readonly metadata: ReadonlyMap<string, MetadataValue>;
  /** By llama.cpp's names, in its layout. */
  readonly tensors: ReadonlyMap<string, TensorPlace>;
  /** Where it lies, for messages. */
  readonly source: string;
  /** The values of a tensor that is there. */
  read(name: string): Promise<Float32Array>;
}

/** About how many bytes of a tensor are held beside its values while it is read. */
const pieceBytes = 2 ** 24;

/** Opens a file, or all shards by the name of the first. Throws `GgufError` for what is damaged or missing. */
export async function openGguf(folder: Folder, path: string): Promise<OpenGguf> {
  const source = `${folder.location}/${path}`;
  const first = await readHeader(folder, path);
  const paths = shardPaths(path, first, source);
  const tensors = new Map<string, TensorPlace>();
  const pathOf = new Map<string, string>();
  for (const [number, shard] of paths.entries()) {
    const { metadata, tensors: found } = number === 0 ? first : await readHeader(folder, shard);
    checkShard(metadata, number, paths.length, `${folder.location}/${shard}`);
    for (const [name, place] of found) {
      if (tensors.has(name)) throw damaged(source, "two shards have the same tensor", name);
      tensors.set(name, place);
      pathOf.set(name, shard);
    }
  }
  checkTotal(first.metadata, tensors.size, source);
  const read = (name: string) => readTensor(folder, pathOf.get(name)!, tensors.get(name)!);
  return { metadata: first.metadata, tensors, source, read };
}

/** `name-00001-of-00003.gguf` and those after it; the path alone of a file that is not split. */
function shardPaths(path: string, { metadata }: GgufHeader, source: string): string[] {
  const count = metadata.get("split.count") ?? 1;
  if (count === 1 || count === 0) return [path];
  const [, stem, number, total] = /^(.*)-(\d{5})-of-(\d{5})\.gguf$/.exec(path) ?? [];
  if (Number(number) === 1 && Number(total) === count) {
    const digits = (shard: number) => String(shard).padStart(5, "0");
    return Array.from({ length: count }, (_, i) => `${stem}-${digits(i + 1)}-of-${total}.gguf`);
  }
  throw new GgufError(
    "a model in several files is opened by the first of them",
    `${source} is one of ${count}`,
    "give the file whose name ends in -00001-of and the number of files, with the others beside it",
  );
}

function checkShard(metadata: GgufHeader["metadata"], number: number, count: number, source: string): void {
  const found = [metadata.get("split.no") ?? 0, metadata.get("split.count") ?? count];
  if (count === 1 || (found[0] === number && found[1] === count)) return;
  throw damaged(source, "it is not the shard that its name says", `shard ${found[0]} of ${found[1]}, from 0`);
}

function checkTotal(metadata: GgufHeader["metadata"], count: number, source: string): void {
  const expected = metadata.get("split.tensors.count") ?? count;
  if (expected !== count) throw damaged(source, "its shards lack tensors", `${count} of ${expected}`);
}

async function readTensor(folder: Folder, path: string, place: TensorPlace): Promise<Float32Array> {
  const { type, shape, start, byteLength } = place;
  const { blockLength, blockBytes } = layouts[type];
  const values = new Float32Array(shape.reduce((product, size) => product * size, 1));
  const blocks = Math.floor(pieceBytes / blockBytes);
  const piece = new Uint8Array(Math.min(byteLength, blocks * blockBytes));
  for (let at = 0, to = 0; at < byteLength; at += piece.length, to += blocks * blockLength) {
    const bytes = piece.subarray(0, byteLength - at);
    await folder.readInto(path, start + at, bytes);
    dequantise(type, bytes, values.subarray(to, to + (bytes.length / blockBytes) * blockLength));
  }
  return values;
}
