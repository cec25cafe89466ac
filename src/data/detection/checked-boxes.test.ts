import sharp from "sharp";
import { expect, it } from "vitest";
import { turned } from "./checked-boxes.js";

const stored = { width: 40, height: 20 };
const box = { left: 2, top: 3, right: 9, bottom: 15 };

/** Where the one bright box of an upright picture is. */
async function brightIn(png: Buffer) {
  const { data, info } = await sharp(png)
    .autoOrient()
    .greyscale()
    .raw()
    .toBuffer({ resolveWithObject: true });
  const bright = [...data.keys()].filter((at) => data[at] > 127);
  const [across, down] = [
    bright.map((at) => at % info.width),
    bright.map((at) => Math.floor(at / info.width)),
  ];
  const edges = { left: Math.min(...across), top: Math.min(...down) };
  return { ...edges, right: Math.max(...across) + 1, bottom: Math.max(...down) + 1 };
}

it.each([5, 6, 7, 8])("a box is turned as a picture of orientation %i is", async (orientation) => {
  const pixels = Uint8Array.from({ length: stored.width * stored.height }, (_, at) => {
    const [x, y] = [at % stored.width, Math.floor(at / stored.width)];
    return x >= box.left && x < box.right && y >= box.top && y < box.bottom ? 255 : 0;
  });
  const picture = sharp(pixels, { raw: { ...stored, channels: 1 } }).withMetadata({ orientation });
  expect(turned(box, stored, orientation)).toEqual(await brightIn(await picture.png().toBuffer()));
});
