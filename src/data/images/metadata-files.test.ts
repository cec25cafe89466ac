import { describe, expect, it } from "vitest";
import { type Files, fileWriters, png, zipOf } from "../../../test/image-sets.js";
import { csvRows } from "./csv.js";
import { openImages, type Split } from "./open-images.js";

const { folderOf, fileOf } = fileWriters();

/** First byte and class of every image, and what is left out. */
async function read(path: string, splits: Split[] = ["train"]) {
  const source = await openImages({ path });
  const found: [number, string | undefined][] = [];
  for (const split of splits) {
    for await (const { pixels, label } of source.images(split))
      found.push([pixels[0], source.classes[label]]);
  }
  return { found, leftOut: source.leftOut };
}

describe("classes in metadata", () => {
  it("of csv take the place of folders, in a folder and in a zip", async () => {
    const csv =
      '\uFEFFfile_name,caption,label\r\n1.png,"a ""big"", red\ncat",cat\r\nsub/2.png,,"hot dog"\r\n';
    const files: Files = { "metadata.csv": csv, "1.png": await png(1), "sub/2.png": await png(2) };
    for (const path of [await folderOf(files), await fileOf("a.zip", zipOf(files))]) {
      expect(await read(path)).toEqual({
        found: [
          [1, "cat"],
          [2, "hot dog"],
        ],
        leftOut: [],
      });
    }
  });

  it("of json lines are read in each split, and what does not fit is counted", async () => {
    const line = (record: object) => `${JSON.stringify(record)}\n`;
    const files: Files = {
      "train/metadata.jsonl":
        line({ file_name: "cafe\u0301.png", label: 3 }) +
        line({ file_name: "2.png", label: 5 }) +
        line({ file_name: "x.png", label: 5 }),
      "test/metadata.jsonl": line({ file_name: "4.png", label: 5 }),
      "train/caf\u00e9.png": await png(1),
      "train/2.png": await png(2),
      "train/3.png": await png(3),
      "test/4.png": await png(4),
    };
    expect(await read(await folderOf(files), ["train", "test"])).toEqual({
      found: [
        [2, "5"],
        [3, undefined],
        [1, "3"],
        [4, "5"],
      ],
      leftOut: [
        "1 line of metadata without their picture: train/x.png",
        "the class of 1 picture that metadata does not name",
      ],
    });
  });

  it("are those of the folders where no column is called label", async () => {
    const files = { "metadata.csv": "file_name,text\na/1.png,hello\n", "a/1.png": await png(1) };
    expect(await read(await folderOf(files))).toEqual({
      found: [[1, "a"]],
      leftOut: ["metadata.csv: no column of it is called label (file_name, text)"],
    });
  });

  it.each([
    ["metadata.csv", "name,label\n1.png,a\n", /not name them[\s\S]*columns name, label, not file_name/],
    ["metadata.csv", 'file_name,label\n1.png,"a\n', /cannot be read[\s\S]*line 2: a quote is not closed/],
    ["metadata.jsonl", '{"file_name": "1.png"}\n{"file\n', /cannot be read[\s\S]*line 2 is no JSON record/],
  ])("in a damaged %s are refused", async (name, text, message) => {
    await expect(
      openImages({ path: await folderOf({ [name]: text, "1.png": await png(1) }) }),
    ).rejects.toThrow(message);
  });
});

it("CSV keeps empty fields, and takes every line end", () => {
  expect(csvRows('a,b\n1,\r\n,2\n"x,""y""",""\n\nlast,')).toEqual([
    ["a", "b"],
    ["1", ""],
    ["", "2"],
    ['x,"y"', ""],
    ["last", ""],
  ]);
  expect(csvRows("")).toEqual([]);
});
