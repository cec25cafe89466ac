import { symlink } from "node:fs/promises";
import { join } from "node:path";
import { type ColumnSource, parquetWriteBuffer } from "hyparquet-writer";
import { describe, expect, it } from "vitest";
import { fileWriters, firsts, type PictureCell, parquetOf, png, readAll } from "../../../test/image-sets.js";
import { DataError } from "../../files/errors.js";
import { openImages } from "./open-images.js";

const { folderOf, fileOf } = fileWriters();

function parquet(image: PictureCell[], label: number[] | bigint[], names?: string[]): Uint8Array {
  const type = typeof label[0] === "bigint" ? "INT64" : "INT32";
  return parquetOf(image, [{ name: "label", data: label, type }], names && { label: names });
}

describe("Parquet", () => {
  const rows = async (): Promise<PictureCell[]> => [
    { bytes: await png(1), path: "1.png" },
    { bytes: await png(2), path: "2.png" },
    { bytes: await png(3), path: "3.png" },
  ];

  it("holds pictures with classes, named in its metadata or numbered", async () => {
    const named = await openImages({
      path: await fileOf("a.parquet", parquet(await rows(), [1, 0, -1], ["cat", "dog"])),
    });
    expect(named.classes).toEqual(["cat", "dog"]);
    expect(await firsts(named)).toEqual([
      [1, 1],
      [2, 0],
      [3, -1],
    ]);
    const numbered = await openImages({ path: await fileOf("a.parquet", parquet(await rows(), [1, 0, 2])) });
    expect(numbered.classes).toEqual(["0", "1", "2"]);
  });

  it("has a test split in a folder of files", async () => {
    const files = {
      "train-0.parquet": parquet(await rows(), [0, 0, 0]),
      "test-0.parquet": parquet((await rows()).slice(1), [1, 0]),
    };
    const source = await openImages({ path: await folderOf(files) });
    expect(source).toMatchObject({ heldOut: "test", classes: ["0"], counts: { train: 3, test: 1 } });
    expect(source.leftOut).toEqual(["1 picture of the test split in classes that training has not: 1"]);
    expect(await firsts(source, "test")).toEqual([[3, 0]]);
  });

  it("is refused with no image column, labels without a name, and damage", async () => {
    const text = new Uint8Array(parquetWriteBuffer({ columnData: [{ name: "text", data: ["a"] }] }));
    const high = parquet(await rows(), [0, 5, 0], ["cat"]);
    const empty = parquet([{ bytes: null, path: "x" }], [0]);
    const cases: [Uint8Array, RegExp][] = [
      [text, /no column of images[\s\S]*has: text/],
      [high, /row 1: label 5, with 1 classes/],
      [high.subarray(0, 100), /Parquet file cannot be read/],
      [empty, /row 0: no bytes/],
    ];
    for (const [bytes, message] of cases) {
      const path = await fileOf("a.parquet", bytes);
      await expect(readAll({ path })).rejects.toThrow(DataError);
      await expect(readAll({ path })).rejects.toThrow(message);
    }
  });

  it("has splits by names of files, or of folders, wherever a clone from the Hub has them", async () => {
    const [train, test, validation] = [
      parquet((await rows()).slice(0, 1), [0]),
      parquet((await rows()).slice(1, 2), [0]),
      parquet((await rows()).slice(2), [0]),
    ];
    const readme = { "README.md": "# A set", ".gitattributes": "*.parquet filter=lfs" };
    const layouts: [string, string, string][] = [
      ["train-0", "test-0", "validation-0"],
      ["Train", "eval", "Valid_0"],
      ["mnist-train", "mnist-test", "mnist-dev"],
      ["data/train-00000-of-00001-a09b74b3ef9c3b56", "data/test-00000-of-00001", "data/val-00000-of-00001"],
      ["plain_text/train-00000-of-00001", "plain_text/test-00000-of-00001", "plain_text/validation"],
      ["default/train/0000", "default/test/0000", "default/validation/0000"],
      ["train/0000", "test/0000", "dev/0000"],
    ];
    for (const [a, b, c] of layouts) {
      const files = { [`${a}.parquet`]: train, [`${b}.parquet`]: test, [`${c}.parquet`]: validation };
      const source = await openImages({ path: await folderOf({ ...readme, ...files }) });
      expect(source.leftOut).toContain("1 file beside the tables: README.md");
      expect(source.counts).toEqual({ train: 1, test: 1, validation: 1 });
      expect([
        await firsts(source),
        await firsts(source, "test"),
        await firsts(source, "validation"),
      ]).toEqual([[[1, 0]], [[2, 0]], [[3, 0]]]);
    }
  });

  it("is for training where no name says so, and left out beside tables that do", async () => {
    const [a, b] = [parquet((await rows()).slice(0, 1), [0]), parquet((await rows()).slice(1, 2), [0])];
    const both = [
      [2, 0],
      [1, 0],
    ];
    expect(await readAll({ path: await folderOf({ "value-0.parquet": a, "testimony.parquet": b }) })).toEqual(
      both,
    );
    expect(await readAll({ path: await folderOf({ "valid.parquet": a }) })).toEqual([[1, 0]]);
    const unnamed = await openImages({ path: await folderOf({ "a.parquet": a, "val.parquet": b }) });
    expect([await firsts(unnamed), await firsts(unnamed, "validation")]).toEqual([[[1, 0]], [[2, 0]]]);
    const extra = await openImages({ path: await folderOf({ "train.parquet": a, "extra/0.parquet": b }) });
    expect(extra).toMatchObject({
      counts: { train: 1 },
      leftOut: ["1 table beside those that are read: extra/0.parquet"],
    });
    const held = openImages({ path: await folderOf({ "test.parquet": a, "val.parquet": b }) });
    await expect(held).rejects.toThrow(/no images for training/);
    const sets = openImages({ path: await folderOf({ "x/train.parquet": a, "y/train.parquet": b }) });
    await expect(sets).rejects.toThrow(/several sets of images[\s\S]*: x, y/);
  });

  it("that is a dangling link is named", async () => {
    const path = await folderOf({ "train.parquet": parquet(await rows(), [0, 0, 0]) });
    await symlink("gone", join(path, "test.parquet"));
    await expect(openImages({ path })).rejects.toThrow(DataError);
    await expect(openImages({ path })).rejects.toThrow(/test\.parquet: ENOENT/);
  });

  it("beside pictures is read where it holds some itself", async () => {
    const table = parquet((await rows()).slice(0, 1), [0]);
    const text = new Uint8Array(parquetWriteBuffer({ columnData: [{ name: "text", data: ["a"] }] }));
    const hub = await openImages({
      path: await folderOf({ "data/train.parquet": table, "logo.png": await png(9) }),
    });
    expect(hub).toMatchObject({ counts: { train: 1 }, leftOut: ["1 file beside the tables: logo.png"] });
    const own = await openImages({ path: await folderOf({ "notes.parquet": text, "1.png": await png(9) }) });
    expect(await firsts(own)).toEqual([[9, -1]]);
    expect(own.leftOut).toEqual(["1 file of other kinds (.parquet): notes.parquet"]);
  });

  it("is refused with labels too high to be classes, which are named", async () => {
    const cases: [number[] | bigint[], RegExp][] = [
      [[0, 2_000_000_000, 0], /row 1: label 2000000000, /],
      [[0n, 0n, 2n ** 53n + 1n], /row 2: label 9007199254740993, /],
      [[100_000, 0, 0], /row 0: label 100000, /],
    ];
    for (const [labels, message] of cases) {
      const opening = openImages({ path: await fileOf("a.parquet", parquet(await rows(), labels)) });
      await expect(opening).rejects.toThrow(DataError);
      await expect(opening).rejects.toThrow(message);
    }
    const most = await openImages({ path: await fileOf("a.parquet", parquet(await rows(), [99_999, 0, 0])) });
    expect(most.classes.length).toBe(100_000);
  });

  const column = (name: string, type: string, data: unknown[]): ColumnSource =>
    ({ name, data, type }) as ColumnSource;
  it.each([
    ["strings", column("labels", "STRING", ["dog", "cafe\u0301", null]), ["café", "dog"], [1, 0, -1]],
    ["whole doubles", column("label", "DOUBLE", [2, 0, -1]), ["0", "1", "2"], [2, 0, -1]],
    ["whole floats", column("class", "FLOAT", [1, 0, Number.NaN]), ["0", "1"], [1, 0, -1]],
    ["booleans", column("Label", "BOOLEAN", [true, false, null]), ["false", "true"], [1, 0, -1]],
    ["long integers", column("fine_label", "INT64", [1n, 0n, -1n]), ["0", "1"], [1, 0, -1]],
    ["none but a coarse one", column("coarse_label", "INT32", [1, 0, 1]), ["0", "1"], [1, 0, 1]],
    ["broken numbers, which are none", column("label", "DOUBLE", [0.5, 1, 2]), [], [-1, -1, -1]],
  ])("has classes that are %s", async (_, labels, classes, expected) => {
    const source = await openImages({ path: await fileOf("a.parquet", parquetOf(await rows(), [labels])) });
    expect(source.classes).toEqual(classes);
    expect((await firsts(source)).map(([, label]) => label)).toEqual(expected);
  });

  it("says which columns it leaves out", async () => {
    const open = async (columns: ColumnSource[], names = {}) =>
      openImages({ path: await fileOf("a.parquet", parquetOf(await rows(), columns, names)) });
    const fine = column("fine_label", "INT32", [1, 0, 1]);
    const coarse = column("coarse_label", "INT32", [0, 0, 0]);
    const both = await open([coarse, fine], { coarse_label: ["animal"], fine_label: ["cat", "dog"] });
    expect([both.classes, both.leftOut]).toEqual([
      ["cat", "dog"],
      ["the column coarse_label, as fine_label is read"],
    ]);
    const caption = await open([column("caption", "STRING", ["a", "b", "c"])]);
    expect([caption.classes, caption.leftOut]).toEqual([[], ["the columns caption: none is called label"]]);
    const broken = await open([column("label", "DOUBLE", [0.5, 1, 2])]);
    expect(broken.leftOut).toEqual(["the column label: its numbers are not whole"]);
  });
});
