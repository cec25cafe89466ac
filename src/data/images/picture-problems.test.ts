import { readFile } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import { type Files, fileWriters, firsts, parquetOf, png, readAll, zipOf } from "../../../test/image-sets.js";
import { ImageError } from "./decode.js";
import { openImages } from "./open-images.js";

const { folderOf, fileOf } = fileWriters();
const cut = async () => (await png(1, 40, 40)).subarray(0, 70);
const asError = (opening: Promise<unknown>): Promise<Error> =>
  opening.then(
    () => new Error("none"),
    (error) => error,
  );
const tooFew = ({ train }: { train: number }) =>
  train < 64 ? [{ what: "too few", found: `${train} of 64`, advice: "give more" }] : [];

describe("all that is wrong with pictures is one error", () => {
  const files = async (): Promise<Files> => ({
    "1.png": await png(1, 20, 30),
    "2.png": "no picture",
    "3.png": await png(3, 40, 50),
    "4.jpg": "",
    "5.png": await cut(),
    "6.png": await png(6, 17, 50),
  });

  it("before anything is decoded, where something else is wrong as well", async () => {
    const path = await folderOf(await files());
    const { message } = await asError(openImages({ path, check: tooFew }));
    expect(message).toMatch(/^there are 3 things wrong with the images\n/);
    expect(message).toMatch(
      /3 pictures of 6 cannot be used: .*2\.png begins with .*4\.jpg: 0 bytes .*5\.png: /,
    );
    expect(message).toMatch(
      /1\.png is 20 x 30, .*3\.png is 40 x 50, with 3 sizes in all; too few: 6 of 64\n/,
    );
    expect(message).toMatch(/features\.size, for example to 16: .* to 16 x 16; give more$/);
  });

  it("once the first is met", async () => {
    const path = await folderOf(await files());
    const { message } = await asError(readAll({ path }));
    expect(message).toMatch(/3 pictures of 6 cannot be used[\s\S]*with 3 sizes in all/);
    const skipping = await asError(readAll({ path, onCorrupt: "skip" }));
    expect(skipping.message).toMatch(/^the images are of different sizes/);
    const sized = await asError(readAll({ path, size: { height: 8, width: 8 } }));
    expect(sized.message).toMatch(/^3 pictures of 6 cannot be used\n/);
  });

  it("and a single one is named by itself", async () => {
    const path = await folderOf({ "1.png": await png(1), "2.png": "no picture" });
    expect(await asError(readAll({ path }))).toBeInstanceOf(ImageError);
    const { message } = await asError(
      openImages({ path: await folderOf({ "1.png": await png(1) }), check: tooFew }),
    );
    expect(message).toBe("too few\n  found: 1 of 64\n  to do: give more");
  });

  it("or none", async () => {
    const path = await folderOf({ "1.png": await png(1) });
    expect((await openImages({ path, check: () => [] })).counts).toEqual({ train: 1 });
  });
});

it("corrupt pictures are passed over and named in a folder, a zip and a table alike", async () => {
  const pictures: Record<string, Uint8Array> = {
    "1.png": await png(1, 40, 40),
    "2.png": Buffer.from("no picture"),
    "3.png": await cut(),
    "4.png": Buffer.alloc(0),
    "5.png": await png(5, 40, 40),
  };
  const rows = Object.entries(pictures).map(([path, bytes]) => ({ bytes, path }));
  const table = parquetOf([...rows, { bytes: null, path: "6.png" }], []);
  const zip = await fileOf("a.zip", zipOf(pictures));
  const damaged = await readFile(zip);
  damaged[damaged.indexOf("no picture")] ^= 1;
  const cases: [string, string[]][] = [
    [await folderOf(pictures), ["2.png", "3.png", "4.png"]],
    [zip, ["2.png", "3.png", "4.png"]],
    [await fileOf("b.zip", damaged), ["2.png", "3.png", "4.png"]],
    [await fileOf("a.parquet", table), ["row 1", "row 2", "row 3", "row 5"]],
  ];
  for (const [path, names] of cases) {
    const source = await openImages({ path, onCorrupt: "skip" });
    expect((await firsts(source)).map(([value]) => value)).toEqual([1, 5]);
    expect(source.skipped.map((name) => name.slice(path.length).replace(/^(\/|, )/, ""))).toEqual(names);
  }
});
