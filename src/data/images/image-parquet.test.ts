import { type ColumnSource, parquetWriteBuffer } from "hyparquet-writer";
import { describe, expect, it } from "vitest";
import { fileWriters, firsts, png, readAll } from "../../../test/image-sets.js";
import { DataError } from "../../files/errors.js";
import { openImages } from "./open-images.js";

const { folderOf, fileOf } = fileWriters();

type Row = { bytes: Uint8Array | null; path: string };

function parquet(image: ColumnSource["data"], label: number[] | bigint[], names?: string[]): Uint8Array {
  const features = { image: { _type: "Image" }, label: { _type: "ClassLabel", names } };
  const kvMetadata = names && [{ key: "huggingface", value: JSON.stringify({ info: { features } }) }];
  return new Uint8Array(
    parquetWriteBuffer({
      columnData: [
        { name: "image", data: image },
        { name: "label", data: label },
      ],
      schema: [
        { name: "root", num_children: 2 },
        { name: "image", num_children: 2, repetition_type: "OPTIONAL" },
        { name: "bytes", type: "BYTE_ARRAY", repetition_type: "OPTIONAL" },
        { name: "path", type: "BYTE_ARRAY", converted_type: "UTF8", repetition_type: "OPTIONAL" },
        {
          name: "label",
          type: typeof label[0] === "bigint" ? "INT64" : "INT32",
          repetition_type: "OPTIONAL",
        },
      ],
      rowGroupSize: 2,
      kvMetadata,
    }),
  );
}

describe("Parquet", () => {
  const rows = async (): Promise<Row[]> => [
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
      "test-0.parquet": parquet((await rows()).slice(2), [1]),
    };
    const source = await openImages({ path: await folderOf(files) });
    expect([source.hasTest, source.classes]).toEqual([true, ["0", "1"]]);
    expect(await firsts(source, "test")).toEqual([[3, 1]]);
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

  it("leaves validation files alone beside others, and takes them where they are alone", async () => {
    const [train, test, validation] = [
      parquet((await rows()).slice(0, 1), [0]),
      parquet((await rows()).slice(1, 2), [1]),
      parquet((await rows()).slice(2), [7]),
    ];
    for (const name of ["validation-0-of-1", "Validation", "valid_0", "val-0"].map((n) => `${n}.parquet`)) {
      const files = { "train-0.parquet": train, "test-0.parquet": test, [name]: validation };
      const source = await openImages({ path: await folderOf(files) });
      expect(source.classes).toEqual(["0", "1"]);
      expect(await firsts(source)).toEqual([[1, 0]]);
      expect(await firsts(source, "test")).toEqual([[2, 1]]);
      expect(await readAll({ path: await folderOf({ [name]: validation }) })).toEqual([[3, 7]]);
      expect(await readAll({ path: await folderOf({ "a.parquet": train, [name]: validation }) })).toEqual([
        [1, 0],
      ]);
    }
    const files = { "value-0.parquet": train, "testimony.parquet": test };
    expect(await readAll({ path: await folderOf(files) })).toEqual([
      [2, 1],
      [1, 0],
    ]);
  });

  it("is found in data/ when the folder itself has none", async () => {
    const train = parquet((await rows()).slice(0, 1), [0]);
    const test = parquet((await rows()).slice(1, 2), [1]);
    const hub = { "README.md": "# A set", "data/train-0.parquet": train, "data/test-0.parquet": test };
    const source = await openImages({ path: await folderOf(hub) });
    expect([await firsts(source), await firsts(source, "test")]).toEqual([[[1, 0]], [[2, 1]]]);
    expect(await readAll({ path: await folderOf({ "a.parquet": test, ...hub }) })).toEqual([[2, 1]]);
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
});
