import sharp from "sharp";
import { describe, expect, it } from "vitest";
import { boxesOf, folderOf, opened, photo, twoPictures, voc } from "../../../test/boxed-pictures.js";
import { openBoxes } from "./open-boxes.js";
import { annotationFiles } from "./write-boxes.js";

it("tables have a box a row, with or without names of columns", async () => {
  const named = "filename,width,height,class,xmin,ymin,xmax,ymax\na.png,40,20,x,1,2,3,4\nb.png,40,20,,,,,\n";
  expect(boxesOf(await opened({ ...twoPictures(), "labels.csv": named }))).toEqual({
    "a.png": ["x 1 2 3 4"],
    "b.png": [],
  });
  const plain = "a.png,1,2,3,4,x\nb.png,,,,,\n";
  const set = await opened({ ...twoPictures(), "labels.csv": plain, "other.csv": "a,b\n1,2\n" });
  expect(boxesOf(set)).toEqual({ "a.png": ["x 1 2 3 4"], "b.png": [] });
});

describe("splits", () => {
  const one = voc([["x", 2, 2, 9, 9]]);
  const marked = (count: number, folder: (i: number) => string, seed = (i: number) => i) =>
    Object.fromEntries(
      Array.from({ length: count }, (_, i) => [
        [`${folder(i)}${i}.png`, photo(seed(i))],
        [`${folder(i)}${i}.xml`, one],
      ]).flat(),
    );

  it("that are made keep pictures that look the same on one side, whatever the seed", async () => {
    const path = await folderOf(
      marked(
        12,
        () => "",
        (i) => Math.floor(i / 2),
      ),
    );
    for (const seed of [0, 1]) {
      const { splits, found } = await openBoxes({ path, seed, validationFraction: 0.3 });
      const sides = [splits.train, splits.validation].map(
        (some) => new Set(some.map(({ name }) => Math.floor(Number.parseInt(name, 10) / 2))),
      );
      expect([sides[0].size, sides[1].size]).toEqual([5, 1]);
      expect([...sides[0]].filter((pair) => sides[1].has(pair))).toEqual([]);
      expect(found.join("\n")).toMatch(/6 pictures that look like another are on its side/);
    }
  });

  it("of folders are kept, and pictures that are in both are said", async () => {
    const set = await opened(
      marked(
        4,
        (i) => (i < 2 ? "train/" : "test/"),
        (i) => (i === 3 ? 0 : i),
      ),
    );
    expect([set.splits.train.length, set.splits.validation.length]).toEqual([2, 2]);
    expect(set.found.join("\n")).toMatch(
      /1 held-out picture that look like one.*test\/3.png like train\/0.png/,
    );
  });

  it("need two pictures that look different", async () => {
    await expect(
      opened(
        marked(
          2,
          () => "",
          () => 0,
        ),
      ),
    ).rejects.toThrow(/too few pictures/);
  });
});

it("tiny objects at the model's input are said, by the size asked for", async () => {
  const files = {
    ...twoPictures(),
    "a.xml": voc([
      ["x", 1, 1, 2, 2],
      ["x", 1, 1, 30, 20],
    ]),
    "b.xml": voc([]),
  };
  expect((await opened(files, { size: { height: 20, width: 40 } })).found.join("\n")).toMatch(
    /50 % of the boxes are less than 8 pixels wide or high at 40 x 20/,
  );
  expect((await opened(files)).found.join("\n")).not.toMatch(/less than 8 pixels/);
});

it("pictures of all kinds are read; damaged ones stop the reading, or are left out", async () => {
  const base = sharp(await photo(3));
  const files = {
    "cmyk.jpg": base.clone().toColourspace("cmyk").jpeg().toBuffer(),
    "deep.png": base.clone().toColourspace("rgb16").png().toBuffer(),
    "grey.png": sharp(await photo(4))
      .greyscale()
      .png()
      .toBuffer(),
    "classes.txt": "x",
    ...Object.fromEntries(["cmyk", "deep", "grey", "cut"].map((name) => [`${name}.txt`, "0 0.5 0.5 1 1"])),
  };
  expect(Object.values(boxesOf(await opened({ ...files, "cut.png": photo(5) }))).flat()).toEqual(
    Array(4).fill("x 0 0 40 20"),
  );
  const cut = { ...files, "cut.png": (await photo(5)).subarray(0, 200) };
  await expect(opened(cut)).rejects.toThrow(/a picture is damaged or cut short/);
  expect((await opened(cut, { skipBad: true })).found.join("\n")).toMatch(/1 where a picture is damaged/);
});

it("10,000 boxes in one picture are read", async () => {
  const lines = Array.from(
    { length: 10_000 },
    (_, i) => `0 ${(i % 100) / 100} ${Math.floor(i / 100) / 100} 0.01 0.01`,
  );
  const { splits } = await opened({ ...twoPictures(), "a.txt": lines.join("\n"), "b.txt": "" });
  const all = [...splits.train, ...splits.validation];
  expect(all.map(({ boxes }) => boxes.length).sort()).toEqual([0, 10_000]);
});

it("a folder without pictures and no folder are refused", async () => {
  await expect(opened({ "a.xml": voc([]) })).rejects.toThrow(/there are no pictures/);
  await expect(openBoxes({ path: "nowhere" })).rejects.toThrow(/there is no folder of pictures/);
});

it.each(["coco", "voc", "yolo"] as const)("boxes written as %s are read again", async (format) => {
  const boxes = [
    { left: 1, top: 2, right: 21, bottom: 12, label: 0 },
    { left: 10, top: 5, right: 30, bottom: 15, label: 1 },
  ];
  const size = { width: 40, height: 20 };
  const pictures = [
    { ...size, name: "images/a.png", boxes },
    { ...size, name: "images/b.png", boxes: [] },
  ];
  const written = annotationFiles(format, pictures, ["cat: <1>", "dog"]);
  const set = await opened({
    ...{ "images/a.png": photo(1), "images/b.png": photo(2) },
    ...Object.fromEntries(written),
  });
  const [first] = [...set.splits.train, ...set.splits.validation].filter(
    ({ name }) => name === "images/a.png",
  );
  expect(set.classes).toEqual(["cat: <1>", "dog"]);
  for (const [i, box] of first.boxes.entries()) {
    for (const key of ["left", "top", "right", "bottom", "label"] as const) {
      expect(box[key]).toBeCloseTo(boxes[i][key], 9); // shares are not exact
    }
  }
  expect([first.boxes.length, set.unlabelled.length]).toEqual([2, 0]);
});
