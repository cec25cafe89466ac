/** Sets of images as files, and what is read of them. */
import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { deflateRawSync, gzipSync } from "node:zlib";
import { type ColumnSource, parquetWriteBuffer } from "hyparquet-writer";
import sharp from "sharp";
import { pack } from "tar-stream";
import {
  type ImageSource,
  type ImageSourceOptions,
  openImages,
  type Split,
} from "../src/data/images/open-images.js";
import { crc32 } from "../src/files/crc32.js";
import { temporaryFolder } from "./temporary-folder.js";

export type Files = Record<string, Uint8Array | string>;

/** Writers of files, each into a folder of its own in one that goes with the tests. */
export function fileWriters() {
  const root = temporaryFolder();
  let count = 0;
  async function folderOf(files: Files): Promise<string> {
    const folder = join(root, `${count++}`);
    for (const [name, bytes] of Object.entries(files)) {
      await mkdir(dirname(join(folder, name)), { recursive: true });
      await writeFile(join(folder, name), bytes);
    }
    return folder;
  }
  const fileOf = async (name: string, bytes: Uint8Array | string) =>
    join(await folderOf({ [name]: bytes }), name);
  return { root, folderOf, fileOf };
}

export function png(red: number, height = 2, width = 2): Promise<Buffer> {
  return sharp({ create: { width, height, channels: 3, background: { r: red, g: 1, b: 2 } } })
    .png()
    .toBuffer();
}

/** [first byte, label] of every image. */
export async function firsts(source: ImageSource, split: Split = "train"): Promise<number[][]> {
  const found: number[][] = [];
  for await (const { pixels, label } of source.images(split)) found.push([pixels[0], label]);
  return found;
}

export async function readAll(options: ImageSourceOptions): Promise<number[][]> {
  return firsts(await openImages(options));
}

/** A zip: each file stored, or deflated where its name asks for it. [APPNOTE.TXT 4.3] */
export function zipOf(files: Files, spoil = (crc: number) => crc): Buffer {
  const parts: Buffer[] = [];
  const table: Buffer[] = [];
  let offset = 0;
  for (const [name, content] of Object.entries(files)) {
    const bytes = Buffer.from(content as Uint8Array);
    const packed = name.includes("deflated") ? deflateRawSync(bytes) : bytes;
    const common = Buffer.alloc(26);
    common.writeUInt16LE(20, 0);
    common.writeUInt16LE(packed === bytes ? 0 : 8, 4);
    common.writeUInt32LE(spoil(crc32(bytes)), 10);
    common.writeUInt32LE(packed.length, 14);
    common.writeUInt32LE(bytes.length, 18);
    common.writeUInt16LE(name.length, 22);
    const tail = Buffer.alloc(14);
    tail.writeUInt32LE(offset, 10);
    const local = Buffer.concat([Buffer.from("PK\x03\x04"), common, Buffer.from(name), packed]);
    table.push(Buffer.concat([Buffer.from("PK\x01\x02\x14\0"), common, tail, Buffer.from(name)]));
    parts.push(local);
    offset += local.length;
  }
  const end = Buffer.alloc(22);
  end.write("PK\x05\x06", "latin1");
  end.writeUInt16LE(table.length, 8);
  end.writeUInt16LE(table.length, 10);
  end.writeUInt32LE(Buffer.concat(table).length, 12);
  end.writeUInt32LE(offset, 16);
  return Buffer.concat([...parts, ...table, end]);
}

/** A gzipped tar. */
export async function tarOf(files: Files): Promise<Buffer> {
  const tar = pack();
  for (const [name, bytes] of Object.entries(files)) tar.entry({ name }, Buffer.from(bytes as Uint8Array));
  tar.finalize();
  const chunks: Buffer[] = [];
  for await (const chunk of tar) chunks.push(chunk as Buffer);
  return gzipSync(Buffer.concat(chunks));
}

/** An IDX file of bytes. */
export function idx(dimensions: number[], bytes: number[]): Buffer {
  const header = Buffer.alloc(4 + 4 * dimensions.length);
  header.set([0, 0, 8, dimensions.length]);
  for (const [i, size] of dimensions.entries()) header.writeUInt32BE(size, 4 + 4 * i);
  return Buffer.concat([header, Buffer.from(bytes)]);
}

/** A row's picture as the Hugging Face Hub has it. */
export type PictureCell = { bytes: Uint8Array | null; path: string };

/** A table of pictures, and of columns beside them by their names; `names` are of the ClassLabel `label`. */
export function parquetOf(
  image: PictureCell[],
  columns: readonly ColumnSource[],
  classLabels: Readonly<Record<string, readonly string[]>> = {},
): Uint8Array {
  const labels = Object.entries(classLabels).map(([name, names]) => [name, { _type: "ClassLabel", names }]);
  const features = { image: { _type: "Image" }, ...Object.fromEntries(labels) };
  const value = JSON.stringify({ info: { features } });
  const types = {
    INT32: "INT32",
    INT64: "INT64",
    STRING: "BYTE_ARRAY",
    DOUBLE: "DOUBLE",
    FLOAT: "FLOAT",
    BOOLEAN: "BOOLEAN",
  } as const;
  return new Uint8Array(
    parquetWriteBuffer({
      columnData: [{ name: "image", data: image }, ...columns.map(({ name, data }) => ({ name, data }))],
      schema: [
        { name: "root", num_children: 1 + columns.length },
        { name: "image", num_children: 2, repetition_type: "OPTIONAL" },
        { name: "bytes", type: "BYTE_ARRAY", repetition_type: "OPTIONAL" },
        { name: "path", type: "BYTE_ARRAY", converted_type: "UTF8", repetition_type: "OPTIONAL" },
        ...columns.map(({ name, type }) => ({
          name,
          type: types[type as keyof typeof types],
          ...(type === "STRING" && { converted_type: "UTF8" as const }),
          repetition_type: "OPTIONAL" as const,
        })),
      ],
      rowGroupSize: 2,
      kvMetadata: labels.length === 0 ? undefined : [{ key: "huggingface", value }],
    }),
  );
}
