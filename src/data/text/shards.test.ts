import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { MissingFileError, ShardError } from "../../files/errors.js";
import type { Folder } from "../../files/folder.js";
import { memoryFolder } from "../../files/memory.js";
import { openShards, writeShards } from "./shards.js";

async function* pieces(...texts: string[]) {
  for (const [i, text] of texts.entries()) yield { text, isStart: i % 2 === 0, isEnd: i % 2 === 1 };
}

const codes = (text: string) => Array.from(text, (character) => character.codePointAt(0)!);

async function readAll(folder: Folder): Promise<number[]> {
  const shards = await openShards(folder);
  const target = new Int32Array(shards.tokenCount);
  await shards.read(0, target);
  return [...target];
}

async function numbered(folder: Folder, count: number, shardTokens: number, vocabSize = 1000): Promise<void> {
  const tokens = Array.from({ length: count }, (_, i) => i % vocabSize);
  await writeShards(folder, pieces("x"), () => tokens, { vocabSize, shardTokens });
}

describe("writeShards and openShards", () => {
  it("keep the tokens in order, and the counts, for both widths", async () => {
    for (const vocabSize of [65536, 65537, 2 ** 21]) {
      const folder = memoryFolder();
      const text = ["a世", "界", "z"];
      const index = await writeShards(folder, pieces(...text), codes, { vocabSize, shardTokens: 3 });
      expect(index.dtype).toBe(vocabSize > 65536 ? "uint32" : "uint16");
      expect(await readAll(folder)).toEqual(codes(text.join("")));
      expect(await openShards(folder)).toMatchObject({ tokenCount: 4, byteCount: 8, vocabSize });
      expect(await folder.list("")).toEqual(["index.json", "tokens-00000.bin", "tokens-00001.bin"]);
    }
  });

  it("store little-endian", async () => {
    const folder = memoryFolder();
    await writeShards(folder, pieces("x"), () => [0x0102, 0xfffe], { vocabSize: 65536 });
    expect([...(await folder.read("tokens-00000.bin"))]).toEqual([2, 1, 0xfe, 0xff]);
  });

  it("tell the encoder where documents end", async () => {
    const folder = memoryFolder();
    const encode = (text: string, isEnd: boolean) => (isEnd ? [...codes(text), 0] : codes(text));
    await writeShards(folder, pieces("a", "b", "c", "d"), encode, { vocabSize: 256 });
    expect(await readAll(folder)).toEqual([97, 98, 0, 99, 100, 0]);
  });

  it("read any window over any shards", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 60 }),
        fc.integer({ min: 1, max: 25 }),
        fc.nat(60),
        fc.nat(60),
        async (count, shardTokens, a, b) => {
          const folder = memoryFolder();
          await numbered(folder, count, shardTokens);
          const [start, end] = [Math.min(a, b) % (count + 1), Math.min(Math.max(a, b), count)];
          const target = new Int32Array(Math.max(0, end - start));
          await (await openShards(folder)).read(start, target);
          expect([...target]).toEqual(Array.from(target, (_, i) => start + i));
        },
      ),
    );
  });

  it("read windows from the folder when there is too much to keep", async () => {
    const folder = memoryFolder();
    const count = 33_600_000;
    const tokens = Uint16Array.from({ length: count / 100 }, (_, i) => i % 50_000);
    const hundred = pieces(...Array.from({ length: 100 }, () => "x"));
    await writeShards(folder, hundred, () => tokens, { vocabSize: 50_000, shardTokens: 10_000_000 });
    const shards = await openShards(folder);
    expect(shards.tokenCount).toBe(count);
    const target = new Int32Array(1000);
    for (const start of [0, 9_999_500, 19_999_999, count - 1000]) {
      await shards.read(start, target);
      const wanted = Int32Array.from(target, (_, i) => ((start + i) % tokens.length) % 50_000);
      expect(target).toEqual(wanted);
    }
  });

  it("start again after a kill, whatever it left", async () => {
    const folder = memoryFolder();
    await numbered(folder, 100, 10);
    await folder.remove("index.json");
    await expect(openShards(folder)).rejects.toThrow(ShardError);
    await expect(openShards(folder)).rejects.toThrow(/no complete token shards/);
    await numbered(folder, 5, 3);
    expect(await readAll(folder)).toEqual([0, 1, 2, 3, 4]);
    expect(await folder.list("")).toHaveLength(3);
  });

  it("leave nothing where they fail or are stopped", async () => {
    const reason = new Error("enough");
    const control = new AbortController();
    const encode = (text: string) => {
      if (text === "y") control.abort(reason);
      return new Array<number>(25).fill(7);
    };
    const failing = (text: string) => (text === "y" ? [10] : new Array<number>(25).fill(7));
    for (const [how, options, error] of [
      [encode, { signal: control.signal }, "enough"],
      [failing, {}, "outside the vocabulary"],
    ] as const) {
      const folder = memoryFolder();
      await numbered(folder, 100, 10, 10);
      const writing = writeShards(folder, pieces("x", "y", "z"), how, {
        vocabSize: 10,
        shardTokens: 10,
        ...options,
      });
      await expect(writing).rejects.toThrow(error);
      expect(await folder.list("")).toEqual([]);
      await numbered(folder, 5, 3);
      expect(await readAll(folder)).toEqual([0, 1, 2, 3, 4]);
    }
  });

  it("tell how many bytes of text are written, and of files are checked", async () => {
    const folder = memoryFolder();
    const told: (number | undefined)[][] = [];
    const onProgress = (done: number, total?: number) => told.push([done, total]);
    const million = "é".repeat(2 ** 19);
    const encode = () => [1, 2, 3];
    await writeShards(folder, pieces(million, "x", million), encode, {
      vocabSize: 10,
      shardTokens: 3,
      onProgress,
    });
    expect(told.splice(0)).toEqual([2 ** 20, 2 ** 21 + 1, 2 ** 21 + 1].map((done) => [done, undefined]));
    await openShards(folder, { onProgress });
    expect(told).toEqual([6, 12, 18].map((done) => [done, 18]));
    const signal = AbortSignal.abort(new Error("enough"));
    await expect(openShards(folder, { signal })).rejects.toThrow("enough");
  });

  it("hold no tokens when there is no text", async () => {
    const folder = memoryFolder();
    await writeShards(folder, pieces(), codes, { vocabSize: 10 });
    expect(await openShards(folder)).toMatchObject({ tokenCount: 0, byteCount: 0 });
  });
});

describe("what shards refuse", () => {
  it("tokens outside the vocabulary", async () => {
    for (const bad of [10, -1, 0.5, Number.NaN]) {
      const writing = writeShards(memoryFolder(), pieces("x"), () => [1, 2, bad], { vocabSize: 10 });
      await expect(writing).rejects.toThrow(/outside the vocabulary[\s\S]*position 2, vocabulary of 10/);
    }
  });

  it("damage, truncation and missing files, naming the file", async () => {
    const damages: [string, (folder: Folder, bytes: Uint8Array) => Promise<void>, RegExp][] = [
      ["tokens-00001.bin", (f, b) => f.write("tokens-00001.bin", b.with(3, 99)), /checksum/],
      ["tokens-00002.bin", (f, b) => f.write("tokens-00002.bin", b.subarray(1)), /bytes instead of 20/],
      ["tokens-00000.bin", (f) => f.remove("tokens-00000.bin"), /no bytes instead of 20/],
      ["index.json", (f, b) => f.write("index.json", b.subarray(0, 50)), /index.*damaged/],
      ["index.json", (f) => f.write("index.json", "{}"), /index.*damaged/],
      ["index.json", (f) => f.remove("index.json"), /no complete/],
    ];
    for (const [file, damage, message] of damages) {
      const folder = memoryFolder();
      await numbered(folder, 30, 10);
      await damage(folder, await folder.read(file));
      const opening = openShards(folder);
      await expect(opening).rejects.toThrow(ShardError);
      await expect(opening).rejects.toThrow(message);
      await expect(opening).rejects.toThrow(file);
      await expect(opening).rejects.not.toBeInstanceOf(MissingFileError);
    }
  });

  it("windows past the end", async () => {
    const folder = memoryFolder();
    await numbered(folder, 30, 10);
    const shards = await openShards(folder);
    for (const start of [-1, 27, 0.5]) {
      await expect(shards.read(start, new Int32Array(4))).rejects.toThrow(/outside the shards[\s\S]*of 30/);
    }
  });
});
