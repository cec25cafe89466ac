import { describe, expect, it } from "vitest";
import { boxesOf, opened, photo, twoPictures } from "../../../test/boxed-pictures.js";
import type { BoxedPicture } from "./boxes.js";

const names = (pictures: readonly BoxedPicture[] = []) => pictures.map(({ name }) => name).sort();

describe("YOLO's text files", () => {
  it("have names and splits in data.yaml, also as Roboflow writes it; an empty one is background", async () => {
    const set = await opened({
      "data.yaml": "train: ../train/images\nval: ../valid/images\nnc: 2\nnames: ['cat', 'dog']\n",
      "train/images/a.png": photo(1),
      "train/labels/a.txt": "1 0.5 0.5 0.5 0.5\n0 0.1 0.1 0.3 0.1 0.3 0.5 0.1 0.5\n",
      "valid/images/b.png": photo(2),
      "valid/labels/b.txt": "",
      "train/images/c.png": photo(3),
    });
    expect(boxesOf(set)).toEqual({
      "train/images/a.png": ["dog 10 5 30 15", "cat 4 2 12 10"],
      "valid/images/b.png": [],
    });
    expect([names(set.splits.train), names(set.unlabelled)]).toEqual([
      ["train/images/a.png"],
      ["train/images/c.png"],
    ]);
  });

  it("have splits by lists, and names by number", async () => {
    const set = await opened({
      "data.yaml": "path: .\ntrain: train.txt\nval: val.txt\nnames:\n  0: cat\n  1: dog\n",
      "train.txt": "./images/a.png\n",
      "val.txt": "./images/b.png\n",
      ...{ "images/a.png": photo(1), "labels/a.txt": "0 0.5 0.5 1 1" },
      ...{ "images/b.png": photo(2), "labels/b.txt": "1 0.5 0.5 1 1" },
    });
    expect([names(set.splits.train), names(set.splits.validation)]).toEqual([
      ["images/a.png"],
      ["images/b.png"],
    ]);
    expect(set.found.join("\n")).toMatch(/held-out pictures alone have boxes of dog: none will be found/);
  });

  it("count bad lines, unnamed classes and files without picture, and are refused where off by one", async () => {
    const files = { ...twoPictures(), "classes.txt": "cat\ndog\n", "gone.txt": "0 0.5 0.5 1 1" };
    const set = await opened({ ...files, "a.txt": "0 0.5 0.5 1 1\n5 0.5 0.5 1 1\ncat 1 2", "b.txt": "" });
    expect(boxesOf(set)).toEqual({ "a.png": ["cat 0 0 40 20"], "b.png": [] });
    const text = set.found.join("\n");
    expect(text).toMatch(/1 where a class number has no name \(a.txt:2\)/);
    expect(text).toMatch(/1 where a line is no class number with four shares \(a.txt:3: cat 1 2\)/);
    expect(text).toMatch(/the picture of an annotation is not there \(gone.txt\)/);
    const off = { ...files, "a.txt": "1 0.5 0.5 1 1", "b.txt": "2 0.5 0.5 1 1" };
    await expect(opened(off)).rejects.toThrow(/off by one\n.*from 1 to 2, the 2 names are numbered from 0/);
  });
});
