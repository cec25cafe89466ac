import sharp from "sharp";
import { describe, expect, it } from "vitest";
import { encodeAnimation, encodePng } from "./write-images.js";

describe.each([1, 3])("a picture of %i channels", (channels) => {
  const shape = { channels, height: 5, width: 4 };
  const picture = (salt: number) =>
    Uint8Array.from({ length: channels * 20 }, (_, i) => (i * 37 + salt * 11) % 256);
  const interleaved = (pixels: Uint8Array) =>
    Uint8Array.from(pixels, (_, i) => pixels[(i % channels) * 20 + Math.floor(i / channels)]);

  it("is a PNG that reads back to the same bytes", async () => {
    const file = await encodePng(picture(0), shape);
    const { data, info } = await sharp(file).raw().toBuffer({ resolveWithObject: true });
    expect(await sharp(file).metadata()).toMatchObject({ format: "png", channels, width: 4, height: 5 });
    // sharp itself reads grey as three channels that are the same.
    const first = new Uint8Array(data).filter((_, i) => channels === 3 || i % info.channels === 0);
    expect(first).toEqual(interleaved(picture(0)));
  });

  it("moves: every frame is a page, shown for its time, in order", async () => {
    const flat = (value: number) => new Uint8Array(channels * 20).fill(value);
    const file = await encodeAnimation([flat(0), flat(100), flat(255)], shape, {
      delayMs: 50,
      lastDelayMs: 900,
    });
    const metadata = await sharp(file).metadata();
    expect(metadata).toMatchObject({ format: "webp", pages: 3, loop: 0, delay: [50, 50, 900] });
    for (const [page, value] of [0, 100, 255].entries()) {
      const [pixel] = await sharp(file, { page }).raw().toBuffer();
      expect(Math.abs(pixel - value)).toBeLessThan(4); // WebP is lossy
    }
  });
});
