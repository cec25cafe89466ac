import sharp from "sharp";
import { expect, it } from "vitest";
import { type Files, fileWriters, idx, parquetOf, png, zipOf } from "../../../test/image-sets.js";
import { openImages } from "./open-images.js";

const { folderOf, fileOf } = fileWriters();
const COUNT = 40;

async function sets(): Promise<string[]> {
  const pictures: Files = {};
  for (let i = 0; i < COUNT; i++) pictures[`${i}.png`] = await png(i);
  const rows = Object.values(pictures).map((bytes) => ({ bytes: bytes as Uint8Array, path: "x" }));
  return [
    await folderOf(pictures),
    await fileOf("a.zip", zipOf(pictures)),
    await fileOf("a.parquet", parquetOf(rows, [])),
    await fileOf("x-images-idx3-ubyte", idx([COUNT, 1, 1], Array(COUNT).fill(7))),
  ];
}

it("reading tells of every image, and stops with the signal's reason", async () => {
  for (const path of await sets()) {
    const source = await openImages({ path });
    const told: [number, number | undefined][] = [];
    const onProgress = (done: number, total?: number) => told.push([done, total]);
    for await (const _ of source.images("train", { onProgress }));
    expect(told).toEqual(Array.from({ length: COUNT }, (_, i) => [i + 1, COUNT]));
    const stop = new AbortController();
    let read = 0;
    const reading = async () => {
      for await (const _ of source.images("train", { signal: stop.signal })) {
        if (++read === 5) stop.abort(new Error("enough"));
      }
    };
    await expect(reading()).rejects.toThrow("enough");
    expect(read).toBe(5);
  }
});

it("opening tells of the headers it reads, and stops with the signal's reason", async () => {
  const grey = await greyPictures();
  const told: [number, number | undefined][] = [];
  const onProgress = (done: number, total?: number) => told.push([done, total]);
  await openImages({ path: grey, size: { height: 1, width: 1 }, onProgress });
  expect(told).toEqual(Array.from({ length: COUNT }, (_, i) => [i + 1, COUNT]));
  for (const path of [grey, ...(await sets()).slice(0, 3)]) {
    const opening = openImages({ path, signal: AbortSignal.abort(new Error("enough")) });
    await expect(opening).rejects.toThrow("enough");
  }
});

/** Grey pictures only, so that all headers are read. */
async function greyPictures(): Promise<string> {
  const grey = await sharp(await png(9))
    .toColourspace("b-w")
    .png()
    .toBuffer();
  return folderOf(Object.fromEntries(Array.from({ length: COUNT }, (_, i) => [`${i}.png`, grey])));
}
