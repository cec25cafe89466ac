import * as fs from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { openFolder } from "../../files/disk.js";
import { MissingFileError, ShardError } from "../../files/errors.js";
import type { Folder } from "../../files/folder.js";
import { memoryFolder } from "../../files/memory.js";
import {
  type ExampleArray,
  type ExampleFields,
  type ExampleRecord,
  openExamples,
  writeExamples,
} from "./examples.js";

const root = await fs.mkdtemp(join(tmpdir(), "examples-"));
afterAll(() => fs.rm(root, { recursive: true }));

const FIELDS: ExampleFields = {
  tokens: { dtype: "int32", shape: [2, 3] },
  logprob: { dtype: "float32", shape: [] },
  pixels: { dtype: "uint8", shape: [3] },
};

const record = (i: number): ExampleRecord<ExampleArray> => ({
  tokens: Int32Array.from({ length: 6 }, (_, at) => 10 * i + at),
  logprob: Float32Array.of(-i / 8),
  pixels: Uint8Array.of(i, 255 - i, 128),
});

function* records(count: number): Generator<ExampleRecord<ExampleArray>> {
  for (let i = 0; i < count; i++) yield record(i);
}

async function* late(count: number): AsyncGenerator<ExampleRecord<ExampleArray>> {
  yield* records(count);
}

describe("examples on a folder", () => {
  it.each([
    ["memory", memoryFolder()],
    ["disk", openFolder(join(root, "set"))],
  ])("come back by number, in any order: %s", async (_, folder) => {
    await writeExamples(folder, FIELDS, late(20));
    const examples = await openExamples<ExampleArray>(folder);
    expect([examples.count, examples.fields]).toEqual([20, FIELDS]);
    const indices = [19, 0, 7, 7];
    const batch = await examples.readBatch(indices);
    expect(batch.tokens).toEqual(Int32Array.from(indices.flatMap((i) => [...record(i).tokens!])));
    expect(batch.logprob).toEqual(Float32Array.from(indices, (i) => -i / 8));
    expect(batch.pixels).toEqual(Uint8Array.from(indices.flatMap((i) => [i, 255 - i, 128])));
    expect(await examples.readBatch([])).toEqual({
      tokens: new Int32Array(),
      logprob: new Float32Array(),
      pixels: new Uint8Array(),
    });
  });

  it("are little-endian, a file a field", async () => {
    const folder = memoryFolder();
    await writeExamples(folder, { a: { dtype: "int32", shape: [1] } }, [{ a: Int32Array.of(0x01020304) }]);
    expect([...(await folder.read("a.bin"))]).toEqual([4, 3, 2, 1]);
    expect(await folder.list("")).toEqual(["a.bin", "index.json"]);
  });

  it("are read from the folder when there are too many to keep", async () => {
    const folder = openFolder(join(root, "large"));
    const length = 2 ** 20;
    const row = (i: number) => new Int32Array(length).fill(i + 1);
    const rows = function* () {
      for (let i = 0; i < 17; i++) yield { row: row(i) };
    };
    await writeExamples(folder, { row: { dtype: "int32", shape: [length] } }, rows());
    const examples = await openExamples(folder);
    const batch = await examples.readBatch([16, 3]);
    expect(batch.row).toHaveLength(2 * length);
    expect(batch.row!.subarray(0, length).every((value) => value === 17)).toBe(true);
    expect(batch.row!.subarray(length).every((value) => value === 4)).toBe(true);
    await fs.truncate(join(root, "large", "row.bin"), 1000);
    await expect(examples.readBatch([16])).rejects.toThrow(/row\.bin ends at byte/);
  });

  it("replace what was there, and do not count before the end", async () => {
    const folder = memoryFolder();
    await writeExamples(folder, { old: { dtype: "int32", shape: [] } }, [{ old: Int32Array.of(1) }]);
    const dying = function* () {
      yield* records(3);
      throw new Error("killed");
    };
    await expect(writeExamples(folder, FIELDS, dying())).rejects.toThrow("killed");
    await expect(openExamples(folder)).rejects.toThrow(ShardError);
    await expect(openExamples(folder)).rejects.not.toBeInstanceOf(MissingFileError);
    await expect(openExamples(folder)).rejects.toThrow(/no complete set/);
    await writeExamples(folder, FIELDS, records(2));
    expect((await openExamples(folder)).count).toBe(2);
    expect(await folder.list("")).toEqual(["index.json", "logprob.bin", "pixels.bin", "tokens.bin"]);
  });

  it("may be none", async () => {
    const folder = memoryFolder();
    await writeExamples(folder, FIELDS, []);
    expect((await openExamples(folder)).count).toBe(0);
  });
});

describe("what is refused", () => {
  it("damage, naming the file", async () => {
    const damages: [string, (folder: Folder, bytes: Uint8Array) => Promise<void>, RegExp][] = [
      ["tokens.bin", (f, b) => f.write("tokens.bin", b.with(5, 99)), /checksum/],
      ["logprob.bin", (f, b) => f.write("logprob.bin", b.subarray(1)), /39 bytes instead of 40/],
      ["pixels.bin", (f, b) => f.write("pixels.bin", b.subarray(1)), /29 bytes instead of 30/],
      ["logprob.bin", (f) => f.remove("logprob.bin"), /no bytes instead of 40/],
      ["index.json", (f, b) => f.write("index.json", b.subarray(0, 50)), /damaged/],
      ["index.json", (f) => f.write("index.json", "null"), /damaged/],
      ["index.json", (f) => f.write("index.json", '{"layout": "autodidact token shards 1"}'), /damaged/],
    ];
    const edits: [string | RegExp, string][] = [
      ['"count": 10', '"count": 11'],
      ['"count": 10', '"count": -1'],
      ['"int32"', '"int64"'],
      ['"uint8"', '"toString"'],
      ['"uint8"', '"int32"'],
      ["tokens.bin", "../tokens.bin"],
      [/"shape": \[\]/, '"shape": null'],
      [/"fields": \{/, '"fields": {"more": {"dtype": "int32", "shape": []},'],
    ];
    for (const [from, to] of edits) {
      const edit = async (f: Folder, bytes: Uint8Array) => {
        const before = new TextDecoder().decode(bytes);
        expect(before.replace(from, to)).not.toBe(before);
        await f.write("index.json", before.replace(from, to));
      };
      damages.push(["index.json", edit, /damaged/]);
    }
    for (const [file, damage, message] of damages) {
      const folder = memoryFolder();
      await writeExamples(folder, FIELDS, records(10));
      await damage(folder, await folder.read(file));
      const opening = openExamples(folder);
      await expect(opening).rejects.toThrow(ShardError);
      await expect(opening).rejects.toThrow(message);
      await expect(opening).rejects.toThrow(file);
    }
  });

  it("records that do not fit", async () => {
    const good = record(0);
    const bad: [object, RegExp][] = [
      [{ tokens: good.tokens }, /record 1, logprob: nothing \[undefined\], not float32 \[1\]/],
      [{ ...good, tokens: new Int32Array(5) }, /tokens: int32 \[5\], not int32 \[6\]/],
      [{ ...good, tokens: new Float32Array(6) }, /tokens: float32 \[6\]/],
      [{ ...good, pixels: Int32Array.of(1, 2, 3) }, /pixels: int32 \[3\], not uint8 \[3\]/],
    ];
    for (const [wrong, message] of bad) {
      const writing = writeExamples(memoryFolder(), FIELDS, [good, wrong as ExampleRecord]);
      await expect(writing).rejects.toThrow(ShardError);
      await expect(writing).rejects.toThrow(message);
    }
    const climbing = writeExamples(memoryFolder(), { "../a": { dtype: "int32", shape: [] } }, []);
    await expect(climbing).rejects.toThrow(/cannot name a file/);
  });

  it("numbers outside the set", async () => {
    const folder = memoryFolder();
    await writeExamples(folder, FIELDS, records(10));
    const examples = await openExamples(folder);
    for (const index of [-1, 10, 0.5, Number.NaN]) {
      await expect(examples.readBatch([0, index])).rejects.toThrow(/outside the set[\s\S]*of 10/);
    }
  });
});
