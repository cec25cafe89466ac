import { describe, expect, it } from "vitest";
import { recordingFolder } from "../../../test/recording-folder.js";
import type { Folder } from "../../files/folder.js";
import { memoryFolder } from "../../files/memory.js";
import { GgufError } from "./errors.js";
import { GgufBytes, type GgufTensor, type GgufValue, string, uint32, writeGguf } from "./gguf-file.js";
import { readHeader } from "./header.js";
import { openGguf } from "./open-gguf.js";

const numbers = (name: string, values: number[], shape = [values.length]): GgufTensor => ({
  name,
  shape,
  type: 0,
  byteLength: 4 * values.length,
  bytes: () => new Uint8Array(Float32Array.from(values).buffer),
});

async function written(
  metadata: [string, GgufValue][] = [],
  tensors: GgufTensor[] = [],
  path = "x.gguf",
  folder = memoryFolder(),
): Promise<Folder> {
  await writeGguf(folder, path, new Map(metadata), tensors);
  return folder;
}

/** A value of a type that we do not write: its number, and its bytes. */
const raw =
  (type: number, ...bytes: number[]): GgufValue =>
  (out: GgufBytes) => {
    out.uint32(type);
    for (const byte of bytes) out.byte(byte);
  };

describe("the header of a GGUF file", () => {
  it("has values of every type", async () => {
    const one = [1, 0, 0, 0, 0, 0, 0, 0];
    const folder = await written([
      ["uint8", raw(0, 200)],
      ["int8", raw(1, 200)],
      ["uint16", raw(2, 0xff, 0xff)],
      ["int16", raw(3, 0xfe, 0xff)],
      ["uint32", uint32(4_000_000_000)],
      ["int32", raw(5, 0xff, 0xff, 0xff, 0xff)],
      ["float32", raw(6, 0xac, 0xc5, 0x27, 0x37)],
      ["bool", raw(7, 1)],
      ["string", string("世界")],
      ["lists", raw(9, 9, 0, 0, 0, ...one, 0, 0, 0, 0, ...one, 7)],
      ["uint64", raw(10, ...Array(8).fill(0xff))],
      ["int64", raw(11, ...Array(8).fill(0xff))],
      ["float64", raw(12, 0, 0, 0, 0, 0, 0, 0xf8, 0x3f)],
    ]);
    expect(Object.fromEntries((await readHeader(folder, "x.gguf")).metadata)).toEqual({
      ...{ uint8: 200, int8: -56, uint16: 65535, int16: -2, uint32: 4_000_000_000, int32: -1 },
      float32: 1e-5, // and not 0.000009999999747378752, which it is in binary
      ...{ bool: true, string: "世界", lists: [[7]], uint64: 2n ** 64n - 1n, int64: -1, float64: 1.5 },
    });
  });

  it("is read piece by piece where it is long, and its tensors one by one", async () => {
    const long = "é".repeat(700_000);
    const tensors = [numbers("a", [1, 2, 3, 4, 5, 6], [2, 3]), numbers("b", [7])];
    const memory = await written(
      [
        ["long", string(long)],
        ["last", uint32(7)],
      ],
      tensors,
    );
    const { folder, asked } = recordingFolder(memory);
    const gguf = await openGguf(folder, "x.gguf");
    expect(gguf.metadata.get("last")).toBe(7);
    expect([...gguf.tensors].map(([name, { shape, type }]) => [name, shape, type])).toEqual([
      ["a", [2, 3], "F32"],
      ["b", [1], "F32"],
    ]);
    asked.mostBytes = 0;
    expect([...(await gguf.read("b"))]).toEqual([7]);
    expect(asked.mostBytes).toBe(4);
    expect([...(await gguf.read("a"))]).toEqual([1, 2, 3, 4, 5, 6]);
  });

  it("may have another alignment", async () => {
    const out = new GgufBytes();
    for (const letter of "GGUF") out.byte(letter.charCodeAt(0));
    out.uint32(2);
    out.uint64(1);
    out.uint64(1);
    out.string("general.alignment");
    uint32(64)(out);
    out.string("t");
    for (const number of [1, 1, 0]) out.uint32(number); // one axis of length one, in 64 bits
    out.uint32(0);
    out.uint64(0);
    while (out.length % 64 > 0) out.byte(0);
    out.float32(2.5);
    const folder = memoryFolder();
    await folder.write("x.gguf", out.finished());
    expect([...(await (await openGguf(folder, "x.gguf")).read("t"))]).toEqual([2.5]);
  });
});

describe("a file that cannot be read", () => {
  const whole = async () => (await written([["a", uint32(1)]], [numbers("t", [1, 2])])).read("x.gguf");
  const cases: [string, RegExp, (file: Uint8Array) => Uint8Array][] = [
    ["no GGUF", /does not begin with GGUF/, (file) => file.with(0, 0)],
    ["version 1", /version 1; 2 and 3/, (file) => file.with(4, 1)],
    ["big-endian", /is big-endian/, (file) => file.with(4, 0).with(7, 3)],
    ["empty", /cut short/, () => new Uint8Array()],
    ["cut in its header", /cut short/, (file) => file.slice(0, 52)],
    ["cut in a tensor", /tensor t ends at byte/, (file) => file.slice(0, -25)],
    ["of more bytes", /bytes follow its last tensor/, (file) => Uint8Array.from([...file, 0])],
    ["of 2^62 tensors", /number of its tensors cannot be right/, (file) => file.with(15, 0x40)],
    ["of 2^62 values", /number of its values cannot be right/, (file) => file.with(23, 0x40)],
    ["with a key of 2^62 bytes", /length of a key cannot be right/, (file) => file.with(31, 0x40)],
    ["with a value of unknown type", /a has an unknown type/, (file) => file.with(33, 99)],
    ["with a tensor of no axes", /0 axes/, (file) => file.with(50, 0)],
    ["with a tensor without elements", /\[0\] of F32/, (file) => file.with(54, 0)],
    ["with a type that cannot be read", /t is IQ4_XS; F32, F16/, (file) => file.with(62, 23)],
    ["with blocks that do not fill a row", /\[2\] of Q4_1/, (file) => file.with(62, 3)],
    ["with a tensor elsewhere", /byte 32, not 0/, (file) => file.with(66, 32)],
  ];
  it.each(cases)("is refused: %s", async (_, message, damage) => {
    const folder = memoryFolder();
    await folder.write("x.gguf", damage(await whole()));
    await expect(readHeader(folder, "x.gguf")).rejects.toThrow(message);
    await expect(readHeader(folder, "x.gguf")).rejects.toBeInstanceOf(GgufError);
  });

  it("is refused: with something twice, or lists in lists without end", async () => {
    const twice = await written([], [numbers("t", [1]), numbers("t", [2])]);
    await expect(readHeader(twice, "x.gguf")).rejects.toThrow(/a tensor twice/);
    const out = (
      await written([
        ["a", uint32(1)],
        ["b", uint32(1)],
      ])
    ).read("x.gguf");
    const folder = memoryFolder();
    await folder.write("x.gguf", (await out).with(49, "a".charCodeAt(0)));
    await expect(readHeader(folder, "x.gguf")).rejects.toThrow(/a key twice/);
    // Each level says that it is a list of one, of lists.
    const one = [1, 0, 0, 0, 0, 0, 0, 0];
    const deep = await written([
      [
        "a",
        (out) => {
          out.uint32(9);
          for (let level = 0; level < 20_000; level++) raw(9, ...one)(out);
        },
      ],
    ]);
    await expect(readHeader(deep, "x.gguf")).rejects.toThrow(/lists in lists/);
  });

  it("is refused: one that is not there", async () => {
    await expect(readHeader(memoryFolder(), "x.gguf")).rejects.toThrow(/no such GGUF file/);
  });
});

describe("a model in several files", () => {
  const name = (shard: number) => `m-0000${shard}-of-00002.gguf`;
  const split = (no: number, tensors: number): [string, GgufValue][] => [
    ["split.no", raw(2, no, 0)],
    ["split.count", raw(2, 2, 0)],
    ["split.tensors.count", raw(5, tensors, 0, 0, 0)],
  ];
  async function shards(second: [string, GgufValue][], tensors: GgufTensor[]): Promise<Folder> {
    const folder = await written([["a", uint32(1)], ...split(0, 2)], [numbers("x", [1, 2])], name(1));
    return written(second, tensors, name(2), folder);
  }

  it("is opened by the first", async () => {
    const folder = await shards(split(1, 2), [numbers("y", [3])]);
    const gguf = await openGguf(folder, name(1));
    expect([...gguf.tensors.keys()]).toEqual(["x", "y"]);
    expect([...(await gguf.read("y")), ...(await gguf.read("x"))]).toEqual([3, 1, 2]);
    await expect(openGguf(folder, name(2))).rejects.toThrow(/opened by the first/);
  });

  it("is refused where one is missing, another's, or lacks tensors", async () => {
    const alone = await written(split(0, 2), [], name(1));
    await expect(openGguf(alone, name(1))).rejects.toThrow(/m-00002-of-00002\.gguf/);
    await expect(openGguf(await shards(split(0, 2), [numbers("y", [3])]), name(1))).rejects.toThrow(
      /not the shard/,
    );
    await expect(openGguf(await shards(split(1, 2), []), name(1))).rejects.toThrow(/1 of 2/);
    await expect(openGguf(await shards(split(1, 2), [numbers("x", [3])]), name(1))).rejects.toThrow(
      /same tensor/,
    );
  });
});
