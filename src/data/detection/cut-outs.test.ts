import { mkdirSync } from "node:fs";
import { join } from "node:path";
import sharp from "sharp";
import { beforeAll, describe, expect, it } from "vitest";
import { photo } from "../../../test/boxed-pictures.js";
import { temporaryFolder } from "../../../test/temporary-folder.js";
import { DataError } from "../../files/errors.js";
import type { BoxedPicture } from "./boxes.js";
import { cutOutBoxes } from "./cut-outs.js";

const folder = join(temporaryFolder(), "stamps");
const size = { height: 96, width: 128 };
const backgrounds = [1, 2, 3].map(
  (seed): BoxedPicture => ({
    name: `${seed}.png`,
    width: 40,
    height: 20,
    boxes: [],
    read: () => photo(seed),
  }),
);
const options = { path: folder, backgrounds, size, count: 20, validationFraction: 0.2, seed: 1 };

/** A red or blue disc in the middle of what is transparent. */
async function disc(name: string, colour: string): Promise<void> {
  const svg = `<svg width="40" height="30"><circle cx="20" cy="15" r="10" fill="${colour}"/></svg>`;
  await sharp(Buffer.from(svg)).png().toFile(join(folder, name));
}

beforeAll(async () => {
  for (const name of ["red", "blue"]) mkdirSync(join(folder, name), { recursive: true });
  for (const i of [1, 2, 3]) await disc(`red/${i}.png`, "#ff0000");
  for (const i of [1, 2, 3]) await disc(`blue/${i}.png`, "#0000ff");
  await sharp(await photo(9))
    .removeAlpha()
    .toFile(join(folder, "blue/photo.png"));
});

describe("cutOutBoxes", () => {
  it("puts things where the boxes say, and nothing else of their colours", async () => {
    const { classes, splits, found } = await cutOutBoxes(options);
    expect(classes).toEqual(["blue", "red"]);
    expect([splits.train.length, splits.validation.length]).toEqual([16, 4]);
    expect(found[1]).toMatch(/1 picture without transparency.*blue\/photo.png/);
    for (const { boxes, read } of splits.train.slice(0, 6)) {
      expect(boxes.length).toBeGreaterThan(0);
      const { data, info } = await sharp(await read())
        .raw()
        .toBuffer({ resolveWithObject: true });
      expect([info.height, info.width]).toEqual([size.height, size.width]);
      for (const { left, top, right, bottom, label } of boxes) {
        const at = (x: number, y: number) => [
          ...data.subarray(info.channels * (y * info.width + x)).subarray(0, 3),
        ];
        const colour = classes[label] === "red" ? [255, 0, 0] : [0, 0, 255];
        const isCovered = boxes.some(
          (other) =>
            other.label !== label &&
            other.left < right &&
            other.right > left &&
            other.top < bottom &&
            other.bottom > top,
        );
        if (!isCovered)
          expect(at(Math.floor((left + right) / 2), Math.floor((top + bottom) / 2))).toEqual(colour);
        // A disc's part of the picture is a square.
        expect(Math.abs(right - left - (bottom - top))).toBeLessThanOrEqual(1);
      }
    }
  });

  it("is the same for the same seed, and holds out cut-outs and photographs", async () => {
    const boxesOf = async (seed: number) => {
      const { splits } = await cutOutBoxes({ ...options, seed });
      return [...splits.train, ...splits.validation].map(({ boxes }) => boxes);
    };
    expect(await boxesOf(1)).toEqual(await boxesOf(1));
    expect(await boxesOf(1)).not.toEqual(await boxesOf(2));
    const bytes = async () => (await cutOutBoxes(options)).splits.validation[0].read();
    expect(await bytes()).toEqual(await bytes());
  });

  it("needs two of each", async () => {
    await expect(cutOutBoxes({ ...options, backgrounds: backgrounds.slice(1, 2) })).rejects.toThrow(
      DataError,
    );
    await expect(cutOutBoxes({ ...options, path: join(folder, "none") })).rejects.toThrow();
  });
});
