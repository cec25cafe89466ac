/**
 * The header of a GGUF file: metadata and where its tensors lie, checked against the file's length.
 * [https://github.com/ggml-org/ggml/blob/master/docs/gguf.md]
 */
import type { Folder } from "../../files/folder.js";
import { Cursor, damaged, type MetadataValue, MoreBytesNeeded } from "./cursor.js";
import { GgufError } from "./errors.js";
import { layouts, type StoredType, storedType, typeName } from "./tensor-layouts.js";

/** Where a tensor lies in its file. */
export interface TensorPlace {
  readonly type: StoredType;
  /** Outermost axis first, as everywhere here; the file has them the other way round. */
  readonly shape: readonly number[];
  /** From the start of the file. */
  readonly start: number;
  readonly byteLength: number;
}

/** What stands before the tensors of a file. */
export interface GgufHeader {
  readonly metadata: ReadonlyMap<string, MetadataValue>;
  readonly tensors: ReadonlyMap<string, TensorPlace>;
}

const magic = 0x46554747; // "GGUF"
/** What a header is first read by; the vocabulary of a large model takes some megabytes. */
const firstBytes = 2 ** 20;
const longestHeader = 2 ** 28;
const mostAxes = 4;

/** Reads a header. Throws `GgufError` for a file that is missing or damaged, or of a version that cannot be read. */
export async function readHeader(folder: Folder, path: string): Promise<GgufHeader> {
  const source = `${folder.location}/${path}`;
  const fileSize = await folder.size(path);
  if (fileSize === undefined)
    throw new GgufError("there is no such GGUF file", source, "check the name and the folder");
  for (let length = Math.min(firstBytes, fileSize); ; ) {
    const bytes = new Uint8Array(length);
    await folder.readInto(path, 0, bytes);
    try {
      return parseHeader(new Cursor(bytes, fileSize, source), fileSize);
    } catch (error) {
      if (!(error instanceof MoreBytesNeeded)) throw error;
      if (error.end > longestHeader) throw damaged(source, "its header has no end", `${error.end} bytes`);
      length = Math.min(fileSize, Math.max(2 * length, error.end));
    }
  }
}

function parseHeader(cursor: Cursor, fileSize: number): GgufHeader {
  if (cursor.uint32() !== magic) throw cursor.damaged("it does not begin with GGUF", "other bytes");
  checkVersion(cursor);
  const tensorCount = cursor.count("the number of its tensors", 24);
  const metadataCount = cursor.count("the number of its values", 13);
  const metadata = new Map<string, MetadataValue>();
  for (let i = 0; i < metadataCount; i++) {
    const key = cursor.string("a key");
    if (metadata.has(key)) throw cursor.damaged("it has a key twice", key);
    metadata.set(key, cursor.value(key));
  }
  const infos = new Map<string, TensorInfo>();
  for (let i = 0; i < tensorCount; i++) {
    const name = cursor.string("a tensor's name");
    if (infos.has(name)) throw cursor.damaged("it has a tensor twice", name);
    infos.set(name, readInfo(cursor, name));
  }
  return { metadata, tensors: placed(infos, metadata.get("general.alignment"), cursor, fileSize) };
}

function checkVersion(cursor: Cursor): void {
  const version = cursor.uint32();
  if (version === 2 || version === 3) return;
  const isSwapped = version !== 0 && version % 2 ** 16 === 0;
  throw new GgufError(
    isSwapped ? "a GGUF file is big-endian" : "a GGUF file is of a version that cannot be read",
    isSwapped ? "its version has its bytes the other way round" : `version ${version}; 2 and 3 can be read`,
    "convert the model again with a current llama.cpp, on a usual (little-endian) machine",
  );
}

type TensorInfo = Omit<TensorPlace, "start"> & { readonly offset: number };

function readInfo(cursor: Cursor, name: string): TensorInfo {
  const axes = cursor.uint32();
  if (axes < 1 || axes > mostAxes) throw cursor.damaged(`tensor ${name} has no usable shape`, `${axes} axes`);
  const sizes = Array.from({ length: axes }, () => cursor.uint64(`an axis of tensor ${name}`));
  const id = cursor.uint32();
  const offset = cursor.uint64(`the place of tensor ${name}`);
  const type = storedType(id);
  if (!type) {
    throw new GgufError(
      "a tensor is of a type that cannot be read",
      `${name} is ${typeName(id)}; ${Object.keys(layouts).join(", ")} can be read`,
      "take the model in one of those types",
    );
  }
  const { blockLength, blockBytes } = layouts[type];
  const blocks = sizes.reduce((product, size) => product * size, 1) / blockLength;
  if (sizes[0] % blockLength !== 0 || blocks < 1 || !Number.isSafeInteger(blocks * blockBytes)) {
    throw cursor.damaged(`tensor ${name} has no usable shape`, `[${sizes}] of ${type}`);
  }
  return { type, shape: sizes.reverse(), byteLength: blocks * blockBytes, offset };
}

/** Tensors follow one another, each at the next multiple of the alignment, as ggml demands. */
function placed(
  infos: ReadonlyMap<string, TensorInfo>,
  alignment: MetadataValue = 32,
  cursor: Cursor,
  fileSize: number,
): Map<string, TensorPlace> {
  if (typeof alignment !== "number" || !(alignment >= 8 && alignment % 8 === 0)) {
    throw cursor.damaged("its alignment is no multiple of 8", `general.alignment ${alignment}`);
  }
  const aligned = (at: number) => Math.ceil(at / alignment) * alignment;
  const dataStart = aligned(cursor.at);
  let next = 0;
  const tensors = new Map<string, TensorPlace>();
  for (const [name, { offset, ...info }] of infos) {
    if (offset !== next) {
      throw cursor.damaged(`tensor ${name} is not where the one before ends`, `byte ${offset}, not ${next}`);
    }
    next = aligned(offset + info.byteLength);
    const start = dataStart + offset;
    const end = start + info.byteLength;
    if (end > fileSize)
      throw cursor.damaged("it is cut short", `tensor ${name} ends at byte ${end} of ${fileSize}`);
    tensors.set(name, { ...info, start });
  }
  if (fileSize <= dataStart + next) return tensors;
  throw cursor.damaged(
    "bytes follow its last tensor",
    `${fileSize} bytes; its header describes ${dataStart + next}`,
  );
}
