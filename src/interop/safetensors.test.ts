import { describe, expect, it } from "vitest";
import { fileOf } from "../../test/plain-safetensors.js";
import { toHalf } from "../core/graph/dtype.js";
import type { Folder } from "../files/folder.js";
import { memoryFolder } from "../files/memory.js";
import { CheckpointError } from "./errors.js";
import { type NamedArray, openSafetensors, writeSafetensors } from "./safetensors.js";
import { openWeights } from "./sharded.js";

const tensors = new Map<string, NamedArray>([
  ["b.weight", { shape: [2, 3], data: Float32Array.of(1, -2, 3.5, 0, 1e-40, 6) }],
  ["a.bias", { shape: [], data: Float32Array.of(Number.NaN) }],
  ["empty", { shape: [0, 4], data: new Float32Array() }],
  ["__proto__", { shape: [1], data: Float32Array.of(7) }],
]);

/** A file with this header and so many bytes after it. */
function file(header: unknown, dataBytes: number | Uint8Array, text = JSON.stringify(header)): Uint8Array {
  return fileOf(text, typeof dataBytes === "number" ? new Uint8Array(dataBytes) : dataBytes);
}

async function folderWith(bytes: Uint8Array, name = "model.safetensors"): Promise<Folder> {
  const folder = memoryFolder();
  await folder.write(name, bytes);
  return folder;
}

const entry = (start: number, end: number, shape: unknown = [(end - start) / 4], dtype = "F32") => ({
  dtype,
  shape,
  data_offsets: [start, end],
});

describe("safetensors", () => {
  it("reads what it wrote, in one order and padded to eight bytes", async () => {
    const folder = memoryFolder();
    await writeSafetensors(folder, "m.safetensors", tensors);
    const opened = await openSafetensors(folder, "m.safetensors");
    expect([...opened.entries.keys()]).toEqual(["__proto__", "a.bias", "b.weight", "empty"]);
    expect(opened.metadata).toEqual({ format: "pt" });
    for (const [name, { shape, data }] of tensors) {
      expect(opened.entries.get(name)?.shape).toEqual(shape);
      expect(await opened.read(name)).toEqual(data);
    }
    const bytes = await folder.read("m.safetensors");
    expect(new DataView(bytes.buffer).getBigUint64(0, true) % 8n).toBe(0n);
    const reversed = new Map([...tensors].reverse());
    await writeSafetensors(folder, "n.safetensors", reversed);
    expect(await folder.read("n.safetensors")).toEqual(bytes);
  });

  it("widens float16 and bfloat16 and narrows float64", async () => {
    const values = [0, 1, -1.5, 0.25];
    const halves = Uint16Array.from(values, toHalf);
    const brain = Uint16Array.from(values, (v) => new Uint32Array(Float32Array.of(v).buffer)[0] >>> 16);
    const doubles = Float64Array.from(values);
    const parts = { h: halves, b: brain, d: doubles };
    const data = new Uint8Array(48);
    data.set(new Uint8Array(halves.buffer), 0);
    data.set(new Uint8Array(brain.buffer), 8);
    data.set(new Uint8Array(doubles.buffer), 16);
    const header = {
      h: entry(0, 8, [4], "F16"),
      b: entry(8, 16, [4], "BF16"),
      d: entry(16, 48, [4], "F64"),
    };
    const opened = await openSafetensors(await folderWith(file(header, data)), "model.safetensors");
    for (const name of Object.keys(parts)) expect([...(await opened.read(name))]).toEqual(values);
  });

  it("reads into a part of a larger array, and only into one of the right size", async () => {
    const folder = memoryFolder();
    await writeSafetensors(folder, "m.safetensors", tensors);
    const opened = await openSafetensors(folder, "m.safetensors");
    const flat = new Float32Array(10);
    await opened.read("b.weight", flat.subarray(2, 8));
    expect([...flat.subarray(1, 5)]).toEqual([0, 1, -2, 3.5]);
    await expect(opened.read("b.weight", flat)).rejects.toThrow(/b\.weight/);
    await expect(opened.read("c")).rejects.toThrow(/c in memory/);
  });

  it.each([
    ["a length of 2^60", withLength(file({}, 0), 2n ** 60n), /1152921504606846976/],
    ["a length beyond the file", withLength(file({}, 0), 3n), /length of its header/],
    ["less than a length", new Uint8Array(5), /5 bytes/],
    ["no JSON", file(null, 0, "{nope"), /not JSON/],
    ["bytes that are not UTF-8", file(null, Uint8Array.of(0xff), ""), /header/],
    ["a list", file([], 0), /not an object/],
    ["a name twice", file(null, 8, `{"a":${JSON.stringify(entry(0, 4))},"\\u0061":{}}`), /twice.*\n.*a/],
    ["an unknown type", file({ a: entry(0, 4, [1], "F31") }, 4), /tensor a .*unknown element type.*\n.*F31/],
    ["a type from the prototype", file({ a: entry(0, 4, [1], "toString") }, 4), /unknown element type/],
    ["a negative size", file({ a: entry(0, 4, [-1]) }, 4), /tensor a is malformed/],
    ["a fraction", file({ a: entry(0, 4, [0.5]) }, 4), /tensor a is malformed/],
    ["an endless product", file({ a: entry(0, 4, [2 ** 50, 2 ** 50]) }, 4), /do not fill/],
    ["bytes that do not fill the shape", file({ a: entry(0, 4, [2]) }, 4), /tensor a do not fill/],
    ["a hole", file({ a: entry(0, 4), b: entry(8, 12) }, 12), /tensor b leaves a hole/],
    ["a hole at the start", file({ a: entry(4, 8) }, 8), /tensor a leaves a hole/],
    ["an overlap", file({ a: entry(0, 8), b: entry(4, 12) }, 12), /tensor b overlaps/],
    ["a cut file", file({ a: entry(0, 8) }, 7), /cut short/],
    ["bytes after the end", file({ a: entry(0, 8) }, 9), /bytes follow/],
    ["metadata that is no text", file({ __metadata__: { a: 1 } }, 0), /__metadata__/],
    ["an entry that is nothing", file({ a: null }, 0), /tensor a is malformed/],
  ])("refuses %s", async (_, bytes, message) => {
    const opening = openSafetensors(await folderWith(bytes), "model.safetensors");
    await expect(opening).rejects.toThrow(CheckpointError);
    await expect(opening).rejects.toThrow(message);
  });

  it("refuses to read integers as weights and names the tensor", async () => {
    const opened = await openSafetensors(
      await folderWith(file({ a: entry(0, 8, [1], "I64") }, 8)),
      "model.safetensors",
    );
    await expect(opened.read("a")).rejects.toThrow(/tensor a of .*model\.safetensors: I64/);
  });
});

describe("shards", () => {
  const index = (weightMap: unknown) => JSON.stringify({ metadata: {}, weight_map: weightMap });

  async function sharded(weightMap: unknown): Promise<Folder> {
    const folder = memoryFolder();
    const part = (name: string) => new Map([[name, tensors.get(name)!]]);
    await writeSafetensors(folder, "model-1.safetensors", part("a.bias"));
    await writeSafetensors(folder, "model-2.safetensors", part("b.weight"));
    await folder.write("model.safetensors.index.json", index(weightMap));
    return folder;
  }

  it("reads as one file", async () => {
    const map = { "a.bias": "model-1.safetensors", "b.weight": "model-2.safetensors" };
    const opened = await openWeights(await sharded(map));
    expect([...opened.entries.keys()]).toEqual(["a.bias", "b.weight"]);
    expect(await opened.read("b.weight")).toEqual(tensors.get("b.weight")!.data);
  });

  it.each([
    [{ "a.bias": "model-1.safetensors", "b.weight": "model-1.safetensors" }, /b\.weight/],
    [{ "a.bias": "model-2.safetensors" }, /b\.weight/],
    [{ "a.bias": "../model-1.safetensors" }, /index of the weights is damaged/],
    [{ "a.bias": "model-1.bin" }, /index of the weights is damaged/],
    [{}, /names no tensor/],
    [{ "a.bias": "model-9.safetensors" }, /no such weights file/],
  ])("refuses the index %j", async (map, message) => {
    const opening = openWeights(await sharded(map));
    await expect(opening).rejects.toThrow(CheckpointError);
    await expect(opening).rejects.toThrow(message);
  });

  it("says why pickled weights stay closed and how to convert them", async () => {
    const opening = openWeights(await folderWith(new Uint8Array(4), "pytorch_model.bin"));
    await expect(opening).rejects.toThrow(/run code[\s\S]*pytorch_model\.bin[\s\S]*save_pretrained/);
  });
});

function withLength(bytes: Uint8Array, length: bigint): Uint8Array {
  new DataView(bytes.buffer).setBigUint64(0, length, true);
  return bytes;
}
