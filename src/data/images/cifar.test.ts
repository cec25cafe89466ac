import { expect, it } from "vitest";
import { type Files, fileWriters, firsts, tarOf } from "../../../test/image-sets.js";
import { openImages } from "./open-images.js";

const { folderOf, fileOf } = fileWriters();

/** A record of CIFAR-100: the coarse class, the fine one, pixels that are all `value`. */
const record = (coarse: number, fine: number, value: number) =>
  Buffer.from([coarse, fine, ...Array(3072).fill(value)]);

const files: Files = {
  "coarse_label_names.txt": "aquatic_mammals\nfish\n",
  "fine_label_names.txt": "apple\naquarium_fish\nbaby\n",
  "train.bin": Buffer.concat([record(1, 2, 10), record(0, 1, 20)]),
  "test.bin": record(1, 0, 30),
};
const inFolder = Object.fromEntries(
  Object.entries(files).map(([name, bytes]) => [
    `cifar-100-binary/${name}`,
    Buffer.from(bytes as Uint8Array),
  ]),
);

it("CIFAR-100 has its fine classes, from a folder and from an archive", async () => {
  const archive = await fileOf("cifar-100-binary.tar.gz", await tarOf(inFolder));
  for (const path of [await folderOf(files), await folderOf(inFolder), archive]) {
    const source = await openImages({ path });
    expect(source).toMatchObject({
      classes: ["apple", "aquarium_fish", "baby"],
      counts: { train: 2, test: 1 },
      leftOut: ["the 20 coarse classes: the classes are the 100 fine ones"],
    });
    expect(source.shape).toEqual({ channels: 3, height: 32, width: 32 });
    expect(await firsts(source)).toEqual([
      [10, 2],
      [20, 1],
    ]);
    expect(await firsts(source, "test")).toEqual([[30, 0]]);
  }
});

it("CIFAR-100 is refused when files are missing or cut", async () => {
  const { "fine_label_names.txt": _, ...nameless } = files;
  const missing = openImages({ path: await folderOf(nameless) });
  await expect(missing).rejects.toThrow(/files of CIFAR-100 are missing[\s\S]*fine_label_names\.txt/);
  const cut = openImages({ path: await folderOf({ ...files, "test.bin": Buffer.alloc(3073) }) });
  await expect(cut).rejects.toThrow(/CIFAR-100 does not hold whole records[\s\S]*multiple of 3074/);
});
