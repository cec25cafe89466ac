import * as fs from "node:fs/promises";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import sharp from "sharp";
import { describe, expect, it } from "vitest";
import {
  type Files,
  fileWriters,
  firsts,
  idx,
  png,
  readAll,
  tarOf,
  zipOf,
} from "../../../test/image-sets.js";
import { DataError, MissingFileError } from "../../files/errors.js";
import { inOrder } from "./in-order.js";
import { openImages } from "./open-images.js";

const { root, folderOf, fileOf } = fileWriters();

/** A record whose pixels are all `value`. */
const record = (label: number, value: number) => Buffer.from([label, ...Array(3072).fill(value)]);

/** Batch i holds images 10 i and 10 i + 1 of class 0 and 1. */
const batches: Files = { "batches.meta.txt": "cat\ndog\n\n" };
for (const i of [1, 2, 3, 4, 5]) {
  batches[`data_batch_${i}.bin`] = Buffer.concat([record(0, 10 * i), record(1, 10 * i + 1)]);
}
batches["test_batch.bin"] = record(1, 99);
const IN_ORDER = [1, 2, 3, 4, 5].flatMap((i) => [
  [10 * i, 0],
  [10 * i + 1, 1],
]);

const inTar = (files: Files): Files =>
  Object.fromEntries(
    Object.entries(files).map(([name, bytes]) => [
      `cifar-10-batches-bin/${name}`,
      Buffer.from(bytes as Uint8Array),
    ]),
  );

describe("CIFAR-10", () => {
  it("is the same from a folder and from an archive in any order", async () => {
    const reversed = Object.fromEntries(Object.entries(inTar(batches)).reverse());
    const archive = await fileOf("set.tar.gz", await tarOf(reversed));
    for (const path of [await folderOf(batches), await folderOf(inTar(batches)), archive]) {
      const source = await openImages({ path });
      expect(source).toMatchObject({ classes: ["cat", "dog"], hasTest: true });
      expect(source.shape).toEqual({ channels: 3, height: 32, width: 32 });
      expect(await firsts(source)).toEqual(IN_ORDER);
      expect(await firsts(source)).toEqual(IN_ORDER);
      expect(await firsts(source, "test")).toEqual([[99, 1]]);
    }
  });

  it("keeps plane after plane, and takes another size and grey", async () => {
    const planes = Buffer.concat([
      Buffer.of(1),
      Buffer.alloc(1024, 60),
      Buffer.alloc(1024, 60),
      Buffer.alloc(1024, 60),
    ]);
    const path = await folderOf({ ...batches, "data_batch_1.bin": planes });
    for await (const image of (await openImages({ path, size: { height: 2, width: 3 }, channels: 1 })).images(
      "train",
    )) {
      expect([...image.pixels]).toEqual(Array(6).fill(60));
      break;
    }
  });

  it("is refused when files are missing, cut, mislabelled or lead outside", async () => {
    const { "data_batch_3.bin": _, "test_batch.bin": __, ...rest } = batches;
    const cut = { ...batches, "data_batch_2.bin": Buffer.alloc(3072) };
    const opening: [Files, RegExp][] = [
      [rest, /missing[\s\S]*data_batch_3\.bin, test_batch\.bin/],
      [cut, /whole records[\s\S]*data_batch_2\.bin: 3072 bytes/],
    ];
    for (const [files, message] of opening) {
      await expect(openImages({ path: await folderOf(files) })).rejects.toThrow(message);
      const path = await fileOf("a.tar.gz", await tarOf(inTar(files)));
      await expect(openImages({ path })).rejects.toThrow(message);
      await expect(openImages({ path })).rejects.toThrow(DataError);
    }
    const mislabelled = { ...batches, "data_batch_1.bin": record(2, 0) };
    const reading = readAll({ path: await folderOf(mislabelled), onCorrupt: "skip" });
    await expect(reading).rejects.toThrow(/data_batch_1\.bin, record 0: label 2, with 2 classes/);
    for (const name of ["../evil.bin", "/etc/evil.bin"]) {
      const path = await fileOf("a.tar.gz", await tarOf({ ...inTar(batches), [name]: Buffer.of(1) }));
      await expect(openImages({ path })).rejects.toThrow(/outside of itself[\s\S]*evil/);
    }
    const linked = await folderOf(rest);
    for (const name of ["data_batch_3.bin", "test_batch.bin"]) await fs.symlink("gone", join(linked, name));
    await expect(openImages({ path: linked })).rejects.toThrow(DataError);
    await expect(openImages({ path: linked })).rejects.toThrow(/data_batch_3\.bin: ENOENT[\s\S]*a link/);
    const whole = await tarOf(inTar(batches));
    const path = await fileOf("a.tar.gz", whole.subarray(0, whole.length - 300));
    await expect(openImages({ path })).rejects.toThrow(DataError);
  });
});

describe("IDX", () => {
  const images = idx([3, 1, 2], [7, 0, 8, 0, 9, 255]);
  const labels = idx([3], [4, 0, 9]);

  it("is read with its labels and test split, gzipped or not", async () => {
    const path = await folderOf({
      "train-images-idx3-ubyte.gz": gzipSync(images),
      "train-labels-idx1-ubyte.gz": gzipSync(labels),
      "t10k-images-idx3-ubyte": idx([1, 1, 2], [5, 6]),
      "t10k-labels-idx1-ubyte": idx([1], [1]),
    });
    const source = await openImages({ path });
    expect(source).toMatchObject({ classes: Array.from("0123456789"), hasTest: true });
    expect(source.shape).toEqual({ channels: 1, height: 1, width: 2 });
    expect(await firsts(source)).toEqual([
      [7, 4],
      [8, 0],
      [9, 9],
    ]);
    expect(await firsts(source, "test")).toEqual([[5, 1]]);
    const colour = await openImages({ path, channels: 3 });
    for await (const { pixels } of colour.images("test")) expect([...pixels]).toEqual([5, 6, 5, 6, 5, 6]);
  });

  it("has no classes without labels, and Fashion-MNIST's by its name", async () => {
    const alone = await openImages({ path: await fileOf("digits", images) });
    expect([alone.classes, alone.hasTest]).toEqual([[], false]);
    expect(await firsts(alone)).toEqual([
      [7, -1],
      [8, -1],
      [9, -1],
    ]);
    const files = { "fashion/x-images-idx3-ubyte": images, "fashion/x-labels-idx1-ubyte": labels };
    const path = join(await folderOf(files), "fashion", "x-images-idx3-ubyte");
    expect((await openImages({ path })).classes[9]).toBe("Ankle boot");
  });

  it("is unpacked by what it holds, whatever its name", async () => {
    const path = await folderOf({
      "train-images-idx3-ubyte": gzipSync(images),
      "train-labels-idx1-ubyte.gz": labels,
    });
    expect(await readAll({ path })).toEqual([
      [7, 4],
      [8, 0],
      [9, 9],
    ]);
  });

  it("has no labels for testing where there are none for training", async () => {
    const path = await folderOf({
      "train-images-idx3-ubyte": images,
      "t10k-images-idx3-ubyte": images,
      "t10k-labels-idx1-ubyte": labels,
    });
    const source = await openImages({ path });
    expect(source.classes).toEqual([]);
    expect(await firsts(source, "test")).toEqual([
      [7, -1],
      [8, -1],
      [9, -1],
    ]);
  });

  it("is refused with wrong numbers", async () => {
    const cases: [Buffer, Buffer, RegExp][] = [
      [labels, labels, /no IDX images[\s\S]*0x00000801/],
      [idx([0, 1, 2], []), labels, /0 images of 1 x 2/],
      [images, images, /no IDX labels[\s\S]*0x00000803/],
      [images, labels.subarray(0, 10), /3 labels announced, 2 there/],
      [images, idx([2], [1, 2]), /2 labels, 3 images/],
      [images, idx([3], [1, 2, 10]), /label 2: 10, with classes 0 to 9/],
      [images.subarray(0, 21), labels, /image 2 has 1/],
      [images.subarray(0, 20), labels, /3 images announced, 2 there/],
      [Buffer.concat([images, Buffer.of(1)]), labels, /image 3 has 1/],
    ];
    for (const [a, b, message] of cases) {
      const path = await folderOf({ "train-images-idx3-ubyte": a, "train-labels-idx1-ubyte": b });
      await expect(readAll({ path })).rejects.toThrow(DataError);
      await expect(readAll({ path })).rejects.toThrow(message);
    }
    const other = { "train-images-idx3-ubyte": images, "t10k-images-idx3-ubyte": idx([1, 2, 1], [0, 0]) };
    await expect(openImages({ path: await folderOf(other) })).rejects.toThrow(/sizes[\s\S]*1 x 2, .*2 x 1/);
    const huge = await fileOf("images", idx([1, 2 ** 31, 2 ** 31], []));
    await expect(openImages({ path: huge })).rejects.toThrow(/1 images of 2147483648 x 2147483648/);
  });
});

describe("pictures in folders and zips", () => {
  it("have a class a folder, in the order of their names", async () => {
    const files = {
      "b/deflated.png": await png(3),
      "a/2.png": await png(2),
      "a/1.png": await png(1),
      "c.png": await png(4),
      "b/x.txt": "no",
    };
    const expected = [
      [1, 0],
      [2, 0],
      [3, 1],
      [4, -1],
    ];
    for (const path of [await folderOf(files), await fileOf("set.zip", zipOf(files))]) {
      const source = await openImages({ path });
      expect(source).toMatchObject({
        classes: ["a", "b"],
        hasTest: false,
        skipped: [],
        counts: { train: 4 },
      });
      expect(source.leftOut).toEqual(["1 file of other kinds (.txt): b/x.txt"]);
      expect(source.shape).toEqual({ channels: 3, height: 2, width: 2 });
      expect(await firsts(source)).toEqual(expected);
      expect(() => source.images("test")).toThrow(/no test split/);
    }
  });

  it("have a test split in train/ and test/, also inside one outer folder", async () => {
    const files = {
      "set/train/a/1.png": await png(1),
      "set/test/b/2.png": await png(2),
      "set/test/a/3.png": await png(3),
    };
    const source = await openImages({ path: await fileOf("set.zip", zipOf(files)) });
    expect(source).toMatchObject({ classes: ["a"], hasTest: true, heldOut: "test" });
    expect(source.counts).toEqual({ train: 1, test: 1 });
    expect(source.leftOut).toEqual(["1 picture of the test split in classes that training has not: b"]);
    const splits = ["train", "validation", "test"] as const;
    expect(await Promise.all(splits.map((split) => firsts(source, split)))).toEqual([
      [[1, 0]],
      [[3, 0]],
      [[3, 0]],
    ]);
  });

  it("of two held-out splits one is for validation, the other stays unseen, and that is said", async () => {
    const files = {
      "train/1.png": await png(1),
      "test/2.png": await png(2),
      "val/3.png": await png(3),
    };
    const source = await openImages({ path: await folderOf(files) });
    expect(source).toMatchObject({ heldOut: "validation", counts: { train: 1, validation: 1, test: 1 } });
    expect(source.leftOut).toEqual([
      "1 image of the test split, unseen in training: there is one for validation",
    ]);
    expect(await firsts(source, "validation")).toEqual([[3, -1]]);
    expect(await firsts(source, "test")).toEqual([[2, -1]]);
  });

  it("are grey only when all are", async () => {
    const grey = await sharp(await png(9))
      .toColourspace("b-w")
      .png()
      .toBuffer();
    expect((await openImages({ path: await folderOf({ "1.png": grey }) })).shape.channels).toBe(1);
    const mixed = await folderOf({ "1.png": grey, "2.png": await png(1) });
    expect((await openImages({ path: mixed })).shape.channels).toBe(3);
  });

  it("of mixed sizes name two and the remedy, which helps", async () => {
    const path = await folderOf({ "1.png": await png(1), "2.png": await png(2, 3, 5) });
    const reading = readAll({ path, onCorrupt: "skip" });
    await expect(reading).rejects.toThrow(
      /1\.png is 2 x 2, .*2\.png is 3 x 5\n.*set features\.size, for example to 2: .* 2 x 2/,
    );
    expect(await readAll({ path, size: { height: 1, width: 1 } })).toEqual([
      [1, -1],
      [2, -1],
    ]);
  });

  it("that are corrupt stop, or are skipped by name, each once", async () => {
    const files = { "0.jpg": "", "1.png": await png(1), "2.png": "no picture", "3.png": await png(3) };
    const path = await folderOf(files);
    await expect(readAll({ path })).rejects.toThrow(/0\.jpg: 0 bytes/);
    const source = await openImages({ path, onCorrupt: "skip" });
    expect([await firsts(source), await firsts(source)]).toEqual([
      [
        [1, -1],
        [3, -1],
      ],
      [
        [1, -1],
        [3, -1],
      ],
    ]);
    expect(source.skipped).toEqual([join(path, "0.jpg"), join(path, "2.png")]);
    const none = openImages({ path: await folderOf({ "a.png": "x" }), onCorrupt: "skip" });
    await expect(none).rejects.toThrow(/no image could be read[\s\S]*1 corrupt/);
  });

  it("that are skipped for what follows their header say neither size nor channels", async () => {
    const grey = await sharp(await png(9))
      .toColourspace("b-w")
      .png()
      .toBuffer();
    const cut = (await png(1, 3, 5)).subarray(0, 70); // within its pixels
    const path = await folderOf({ "1.png": cut, "2.png": grey, "3.png": cut, "4.png": grey });
    for (const size of [undefined, { height: 1, width: 1 }]) {
      const source = await openImages({ path, size, onCorrupt: "skip" });
      expect(source.shape).toEqual({ channels: 1, height: 2, width: 2, ...size });
      expect((await firsts(source)).length).toBe(2);
      expect(source.skipped).toEqual([join(path, "1.png"), join(path, "3.png")]);
    }
    await expect(readAll({ path })).rejects.toThrow(/1\.png/);
    const none = openImages({ path: await folderOf({ "1.png": cut }), onCorrupt: "skip" });
    await expect(none).rejects.toThrow(/no image could be read[\s\S]*1 corrupt/);
  });

  it("in a zip are checked, and stay inside", async () => {
    const spoilt = zipOf({ "a.png": await png(1) }, (crc) => (crc ^ 1) >>> 0);
    await expect(readAll({ path: await fileOf("a.zip", spoilt) })).rejects.toThrow(/a\.png: its checksum/);
    for (const name of ["../a.png", "/a.png"]) {
      const path = await fileOf("a.zip", zipOf({ [name]: await png(1) }));
      await expect(openImages({ path })).rejects.toThrow(/outside of itself[\s\S]*a\.png/);
    }
    const cut = zipOf({ "a.png": await png(1) }).subarray(0, 60);
    await expect(openImages({ path: await fileOf("a.zip", cut) })).rejects.toThrow(/zip archive cannot be/);
  });
});

it("what is no set of images is refused with what would be one", async () => {
  const missing = openImages({ path: join(root, "none") });
  await expect(missing).rejects.toThrow(MissingFileError);
  await expect(missing).rejects.toThrow(/none"[\s\S]*cifar10/);
  await expect(openImages({ path: "constructor" })).rejects.toThrow(MissingFileError);
  await expect(openImages({ path: await fileOf("a.txt", "hello") })).rejects.toThrow(/begins with "hello"/);
  await expect(openImages({ path: await fileOf("a.bin", "") })).rejects.toThrow(/no set of images/);
  await expect(openImages({ path: await folderOf({ "a.txt": "x" }) })).rejects.toThrow(/holds \.txt/);
});

it("work in order keeps to its limit and fails in its turn", async () => {
  let [running, most] = [0, 0];
  const work = async (i: number) => {
    most = Math.max(most, ++running);
    await new Promise((done) => setTimeout(done, (i * 7) % 5));
    running--;
    if (i === 8) throw new Error("eight");
    return i;
  };
  const found: number[] = [];
  const reading = async () => {
    for await (const i of inOrder(Array(20).keys(), 3, work)) found.push(i);
  };
  await expect(reading()).rejects.toThrow("eight");
  expect([found, most, running]).toEqual([[0, 1, 2, 3, 4, 5, 6, 7], 3, 0]);
});
