import { describe, expect, it } from "vitest";
import { boxesOf, opened, photo, twoPictures } from "../../../test/boxed-pictures.js";
import type { BoxedPicture } from "./boxes.js";

const names = (pictures: readonly BoxedPicture[] = []) => pictures.map(({ name }) => name).sort();

interface Coco {
  images: unknown[];
  categories: unknown[];
  annotations: unknown[];
}
const coco = (file: Coco) => JSON.stringify(file);
const annotation = (image_id: number, category_id: number, bbox: number[], rest = {}) => ({
  ...{ image_id, category_id, bbox },
  ...rest,
});
const listed = [
  { id: 0, file_name: "a.png" },
  { id: 7, file_name: "b.png" },
];

describe("COCO's JSON", () => {
  it("has ids with holes and from 0, crowds, and background", async () => {
    const categories = [
      { id: 90, name: "zebra" },
      { id: 3, name: "cat" },
    ];
    const annotations = [
      annotation(0, 90, [1.5, 2, 10, 5], { id: 0 }),
      annotation(0, 3, [0, 0, 20, 20], {
        iscrowd: 1,
        segmentation: { counts: [1, 2], size: [20, 40] },
        area: 9,
      }),
    ];
    const set = await opened({
      ...twoPictures(),
      "all.json": coco({ images: listed, categories, annotations }),
    });
    expect(set.classes).toEqual(["cat", "zebra"]);
    expect(boxesOf(set)).toEqual({ "a.png": ["zebra 1.5 2 11.5 7", "cat 0 0 20 20 ignored"], "b.png": [] });
    expect(set.found.join("\n")).toMatch(/1 picture of background/);
    expect(set.format).toBe("COCO");
  });

  it("has its splits by the names of files and folders", async () => {
    const one = (file_name: string) =>
      coco({ images: [{ id: 1, file_name }], categories: [{ id: 1, name: "x" }], annotations: [] });
    const set = await opened({
      "train2017/a.png": photo(1),
      "val2017/b.png": photo(2),
      "annotations/instances_train2017.json": one("a.png"),
      "annotations/instances_val2017.json": one("b.png"),
    });
    expect(names(set.splits.train)).toEqual(["train2017/a.png"]);
    expect(names(set.splits.validation)).toEqual(["val2017/b.png"]);
  });

  it("is refused where ids are off by one; what is not listed is counted", async () => {
    const categories = [1, 2].map((id) => ({ id, name: `class ${id}` }));
    const off = [0, 1].map((id) => annotation(0, id, [1, 1, 5, 5]));
    const files = { ...twoPictures(), "all.json": coco({ images: listed, categories, annotations: off }) };
    await expect(opened(files)).rejects.toThrow(/off by one\n.*boxes have 0, 1, categories are 1, 2/);
    const annotations = [
      annotation(0, 1, [1, 1, 5, 5]),
      annotation(0, 8, [1, 1, 5, 5]),
      annotation(9, 1, [1, 1, 5, 5]),
    ];
    const images = [...listed, { id: 8, file_name: "gone.png" }];
    const bad = [...annotations, { image_id: 0, category_id: 1, bbox: [] }];
    const { found } = await opened({
      ...twoPictures(),
      "all.json": coco({ images, categories, annotations: bad }),
    });
    const text = found.join("\n");
    expect(text).toMatch(/1 where a box is of a category that is not listed \(all.json, annotation 1: 8\)/);
    expect(text).toMatch(/boxes are of an image that is not listed \(all.json: 1 of id 9\)/);
    expect(text).toMatch(/the picture of an annotation is not there \(all.json: gone.png\)/);
    expect(text).toMatch(/1 where an annotation has no bbox of four numbers/);
    expect(text).toMatch(/nowhere is a box of class 2/);
  });

  it("that is cut short stops the reading, or is left out", async () => {
    const files = { ...twoPictures(), "all.json": '{"categories": [' };
    await expect(opened(files)).rejects.toThrow(/a COCO file is no JSON/);
    const { unlabelled, found } = await opened(files, { skipBad: true });
    expect([names(unlabelled), found[0]]).toEqual([["a.png", "b.png"], "nothing describes boxes"]);
  });
});
