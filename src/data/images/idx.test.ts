import { gzipSync } from "node:zlib";
import { expect, it } from "vitest";
import { fileWriters, idx } from "../../../test/image-sets.js";
import { type ImageSource, openImages, type Split } from "./open-images.js";

const { folderOf } = fileWriters();

/** All pixels and the class of each image. */
async function all(source: ImageSource, split: Split): Promise<[number[], string | undefined][]> {
  const found: [number[], string | undefined][] = [];
  for await (const { pixels, label } of source.images(split))
    found.push([[...pixels], source.classes[label]]);
  return found;
}

const file = (set: string, split: string, what: "images-idx3" | "labels-idx1") =>
  `emnist-${set}-${split}-${what}-ubyte`;

it("EMNIST's images are turned upright, and its letters counted from 1", async () => {
  const path = await folderOf({
    [`${file("letters", "train", "images-idx3")}.gz`]: gzipSync(
      idx([2, 2, 3], [1, 2, 3, 4, 5, 6, 0, 0, 0, 0, 0, 9]),
    ),
    [`${file("letters", "train", "labels-idx1")}.gz`]: gzipSync(idx([2], [1, 26])),
    [file("letters", "test", "images-idx3")]: idx([1, 2, 3], [6, 5, 4, 3, 2, 1]),
    [file("letters", "test", "labels-idx1")]: idx([1], [2]),
  });
  const source = await openImages({ path });
  expect(source).toMatchObject({ counts: { train: 2, test: 1 }, leftOut: [] });
  expect(source.shape).toEqual({ channels: 1, height: 3, width: 2 });
  expect(source.classes.join("")).toBe("abcdefghijklmnopqrstuvwxyz");
  expect(await all(source, "train")).toEqual([
    [[1, 4, 2, 5, 3, 6], "a"],
    [[0, 0, 0, 0, 0, 9], "z"],
  ]);
  expect(await all(source, "test")).toEqual([[[6, 3, 5, 2, 4, 1], "b"]]);
});

it.each([
  ["balanced", 47, "t"],
  ["bymerge", 47, "t"],
  ["byclass", 62, "z"],
  ["digits", 10, "9"],
])("EMNIST's %s has %i classes, the last %s", async (set, count, last) => {
  const files = (label: number) => ({
    [file(set, "train", "images-idx3")]: idx([1, 1, 1], [7]),
    [file(set, "train", "labels-idx1")]: idx([1], [label]),
  });
  const source = await openImages({ path: await folderOf(files(count - 1)) });
  expect(await all(source, "train")).toEqual([[[7], last]]);
  const outside = openImages({ path: await folderOf(files(count)) });
  await expect(outside).rejects.toThrow(`label 0: ${count}, with classes 0 to ${count - 1}`);
});

it("several sets in one folder are refused by name", async () => {
  const images = idx([1, 1, 1], [7]);
  const files = {
    [file("digits", "train", "images-idx3")]: images,
    [`${file("digits", "train", "images-idx3")}.gz`]: gzipSync(images),
    [file("letters", "train", "images-idx3")]: images,
  };
  const opening = openImages({ path: await folderOf(files) });
  await expect(opening).rejects.toThrow(/several sets[\s\S]*emnist-digits-.*, emnist-letters-.*ubyte\n/);
});

it("files in a sub-folder are found, and missing labels named", async () => {
  const source = await openImages({
    path: await folderOf({ "MNIST/raw/train-images-idx3-ubyte": idx([1, 1, 1], [7]) }),
  });
  expect(await all(source, "train")).toEqual([[[7], undefined]]);
  expect(source.leftOut).toEqual([
    "the classes of 1 image: beside train-images-idx3-ubyte is no file train-labels-idx1-ubyte",
  ]);
});
