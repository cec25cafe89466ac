import { describe, expect, it } from "vitest";
import { boxesOf, opened, photo, twoPictures, voc } from "../../../test/boxed-pictures.js";
import type { BoxedPicture } from "./boxes.js";

const names = (pictures: readonly BoxedPicture[] = []) => pictures.map(({ name }) => name).sort();

describe("Pascal VOC's XML", () => {
  const cell = (xmin: number, ymin: number, xmax: number, ymax: number) =>
    voc([["cell", xmin, ymin, xmax, ymax]]);

  it("counts pixels from 1, last ones included; difficult objects are ignored; parts are no objects", async () => {
    const part = "<part><name>nucleus</name><bndbox><xmin>2</xmin></bndbox></part><difficult>1</difficult>";
    const set = await opened({
      "JPEGImages/a.png": photo(1),
      "JPEGImages/b.png": photo(2),
      "Annotations/a.xml": voc([["cell", 1, 1, 40, 20]]),
      "Annotations/b.xml": voc([["big &amp; old", 3, 4, 8, 9]], { rest: part }),
      "project.xml": "<project><name>no annotation</name></project>",
    });
    expect(boxesOf(set)).toEqual({
      "JPEGImages/a.png": ["cell 0 0 40 20"],
      "JPEGImages/b.png": ["big & old 2 3 8 9 ignored"],
    });
    expect(set.classes).toEqual(["big & old", "cell"]);
  });

  it("has the splits of ImageSets/Main; what none lists is said", async () => {
    const set = await opened({
      ...Object.fromEntries([1, 2, 3, 4].map((i) => [`JPEGImages/${i}.png`, photo(i)])),
      ...Object.fromEntries([1, 2, 3, 4].map((i) => [`Annotations/${i}.xml`, cell(1, 1, 9, 9)])),
      "ImageSets/Main/trainval.txt": "1\n2\n",
      "ImageSets/Main/test.txt": "3\n",
    });
    expect([names(set.splits.train), names(set.splits.validation)]).toEqual([
      ["JPEGImages/1.png", "JPEGImages/2.png"],
      ["JPEGImages/3.png"],
    ]);
    expect(set.splits.test).toBeUndefined();
    expect(set.found.join("\n")).toMatch(
      /its test split is for validation[\s\S]*none of the set's splits.*4\.png/,
    );
  });

  it("without a picture, and pictures without a file, are counted; names may differ by case", async () => {
    const set = await opened({
      ...{ "A.PNG": photo(1), "b.png": photo(2), "c.png": photo(3) },
      ...{ "a.xml": cell(1, 1, 9, 9), "b.xml": cell(1, 1, 9, 9), "gone.xml": cell(1, 1, 9, 9) },
    });
    expect(Object.keys(boxesOf(set))).toEqual(["A.PNG", "b.png"]);
    expect(names(set.unlabelled)).toEqual(["c.png"]);
    const text = set.found.join("\n");
    expect(text).toMatch(/1 picture without annotation, not taken for background: c.png/);
    expect(text).toMatch(/1 where a picture is written in another case \(a.xml: a for A.PNG\)/);
    expect(text).toMatch(/1 where the picture of an annotation is not there \(gone.xml: gone\)/);
  });

  it("of size 0 x 0 or swapped leaves the size to the picture", async () => {
    const set = await opened({
      ...twoPictures(),
      "a.xml": voc([["x", 1, 1, 40, 20]], { size: [0, 0] }),
      "b.xml": voc([["x", 1, 1, 40, 20]], { size: [20, 40] }),
    });
    expect(boxesOf(set)).toEqual({ "a.png": ["x 0 0 40 20"], "b.png": ["x 0 0 40 20"] });
    expect(set.found.join("\n")).toMatch(
      /1 where an annotation has another size.*\(b.xml: 20 x 40 for 40 x 20\)/,
    );
  });

  it("of a picture before it is turned upright is turned with it", async () => {
    const turned = { "a.png": photo(1, 40, 20, 6), "b.png": photo(2, 40, 20, 8) };
    const set = await opened({ ...turned, "a.xml": cell(1, 1, 4, 8), "b.xml": cell(1, 1, 4, 8) });
    // What is left above is right above after a quarter to the right, and left below after one to the left.
    expect(boxesOf(set)).toEqual({ "a.png": ["cell 12 0 20 4"], "b.png": ["cell 0 36 8 40"] });
    expect(set.splits.train[0]).toMatchObject({ width: 20, height: 40 });
    expect(set.found.join("\n")).toMatch(/2 where boxes are of the picture before it is turned upright/);
    const upright = voc([["cell", 1, 1, 4, 8]], { size: [20, 40] });
    expect(boxesOf(await opened({ ...turned, "a.xml": upright, "b.xml": upright }))["a.png"]).toEqual([
      "cell 0 0 4 8",
    ]);
  });

  it("drops boxes of no area, outside, without numbers and repeated, and clips others", async () => {
    const objects: Parameters<typeof voc>[0] = [
      ["x", 5, 5, 5, 9],
      ["x", 9, 5, 5, 9],
      ["x", 50, 5, 60, 9],
      ["x", Number.NaN, 5, 60, 9],
      ["x", 0, 0, 41, 21],
      ["x", -5, 5, 60, 9],
      ["x", 2, 2, 9, 9],
      ["x", 2, 2, 9, 9],
    ];
    const set = await opened({ ...twoPictures(), "a.xml": voc(objects), "b.xml": cell(2, 2, 9, 9) });
    expect(boxesOf(set)["a.png"]).toEqual(["x 0 0 40 20", "x 0 4 40 9", "x 1 1 9 9"]);
    const text = set.found.join("\n");
    expect(text).toMatch(/2 where a box has no area: dropped \(a.xml: x; a.xml: x\)/);
    expect(text).toMatch(/1 where a box lies outside its picture: dropped/);
    expect(text).toMatch(/1 where a box has an edge that is no number: dropped/);
    expect(text).toMatch(/1 where a box reaches outside its picture: clipped/);
    expect(text).toMatch(/1 where a box is there twice: once dropped/);
  });

  it("that is cut short stops the reading", async () => {
    const files = { ...twoPictures(), "a.xml": "<annotation><object>", "b.xml": cell(2, 2, 9, 9) };
    await expect(opened(files)).rejects.toThrow(/an annotation is no XML/);
  });
});
