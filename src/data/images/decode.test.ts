import { deflateSync } from "node:zlib";
import sharp, { type Color, type Sharp } from "sharp";
import { describe, expect, it } from "vitest";
import { crc32 } from "../../files/crc32.js";
import { decodeImage, ImageError, MAX_PIXELS, measurePicture, reshapePixels } from "./decode.js";

const RED = { r: 255, g: 0, b: 0 };

/** One colour, lossless unless encoded otherwise. */
function plain(colour: Color, width = 4, height = 4, channels: 3 | 4 = 3): Sharp {
  return sharp({ create: { width, height, channels, background: colour } });
}

/** The mean of each channel plane. */
function means(pixels: Uint8Array, channels: number): number[] {
  const plane = pixels.length / channels;
  const mean = (c: number) => pixels.subarray(c * plane, (c + 1) * plane).reduce((a, b) => a + b, 0) / plane;
  return Array.from({ length: channels }, (_, c) => mean(c));
}

async function decoded(image: Sharp, height: number, width: number, channels = 3): Promise<number[]> {
  return [...(await decodeImage(await image.toBuffer(), "a picture", { channels, height, width }))];
}

function pngChunk(type: string, data: Uint8Array): Buffer {
  const body = Buffer.concat([Buffer.from(type, "latin1"), data]);
  const [length, sum] = [Buffer.alloc(4), Buffer.alloc(4)];
  length.writeUInt32BE(data.length);
  sum.writeUInt32BE(crc32(body));
  return Buffer.concat([length, body, sum]);
}

/** A PNG of some hundred bytes that announces a side of `side` pixels. */
function bomb(side: number): Buffer {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(side, 0);
  header.writeUInt32BE(side, 4);
  header.set([8, 2], 8);
  const data = deflateSync(Buffer.alloc(100));
  const chunks = [pngChunk("IHDR", header), pngChunk("IDAT", data), pngChunk("IEND", Buffer.alloc(0))];
  return Buffer.concat([Buffer.from("\x89PNG\r\n\x1a\n", "latin1"), ...chunks]);
}

describe("a picture becomes planes of bytes", () => {
  const pixels = Uint8Array.from({ length: 12 }, (_, i) => 20 * i); // [2, 2, 3], red first
  const raw = () => sharp(pixels, { raw: { width: 2, height: 2, channels: 3 } });
  const planes = [0, 60, 120, 180, 20, 80, 140, 200, 40, 100, 160, 220];

  it("in the order red, green, blue; lossless formats exactly", async () => {
    expect(await decoded(raw().png(), 2, 2)).toEqual(planes);
    expect(await decoded(raw().webp({ lossless: true }), 2, 2)).toEqual(planes);
  });

  it("from GIF and TIFF exactly, from AVIF nearly, of frames the first", async () => {
    expect(await decoded(raw().tiff({ compression: "lzw" }), 2, 2)).toEqual(planes);
    expect(await decoded(raw().gif({ dither: 0 }), 2, 2)).toEqual(planes);
    const frames = await sharp([await raw().png().toBuffer(), await plain(RED, 2, 2).png().toBuffer()], {
      join: { animated: true },
    })
      .gif({ dither: 0 })
      .toBuffer();
    const shape = { channels: 3, height: 2, width: 2 };
    expect([...(await decodeImage(frames, "a picture", shape))]).toEqual(planes);
    expect(await measurePicture(frames, "a picture")).toEqual(shape);
    const red = await decoded(plain(RED).avif({ quality: 100 }), 1, 1);
    for (const [i, value] of [255, 0, 0].entries()) expect(Math.abs(red[i] - value)).toBeLessThanOrEqual(3); // lossy
  });

  it.each([
    [300, 300],
    [301, 301],
    [1023, 777],
    [640, 480],
  ])("of %i x %i where a PNG has it, whatever the format", async (width, height) => {
    const bytes = Uint8Array.from({ length: 3 * width * height }, (_, i) => {
      const [x, y] = [Math.floor(i / 3) % width, Math.floor(i / 3 / width)];
      const c = i % 3;
      return (
        127 +
        60 * Math.sin((9 * x * (c + 3)) / width / (c + 1) + (40 * y) / height) +
        40 * Math.sin((60 * y) / height)
      );
    });
    const photo = () => sharp(bytes, { raw: { width, height, channels: 3 } });
    const expected = await decoded(photo().png({ compressionLevel: 1 }), 32, 32);
    const formats = [
      photo().jpeg({ quality: 98, chromaSubsampling: "4:4:4" }),
      photo().withMetadata({ orientation: 1 }).jpeg({ quality: 98, chromaSubsampling: "4:4:4" }),
      photo().webp({ lossless: true, effort: 0 }),
    ];
    for (const format of formats) {
      const found = await decoded(format, 32, 32);
      const difference =
        found.reduce((sum, value, i) => sum + Math.abs(value - expected[i]), 0) / found.length;
      expect(difference).toBeLessThan(1); // what JPEG loses at this quality; moved pictures differ by 4 to 21
    }
  });

  it.each([
    [3, [180, 120, 60, 0]],
    [6, [120, 0, 180, 60]],
    [8, [60, 180, 0, 120]],
    [2, [60, 0, 180, 120]],
  ])("upright by EXIF orientation %i", async (orientation, red) => {
    const turned = await decoded(raw().withMetadata({ orientation }).png(), 2, 2);
    expect(turned.slice(0, 4)).toEqual(red);
  });

  it("measured as it will stand, not as it lies in the file", async () => {
    const lying = plain(RED, 6, 2).withMetadata({ orientation: 6 }).jpeg();
    const shape = await measurePicture(await lying.toBuffer(), "a picture");
    expect(shape).toEqual({ channels: 3, height: 6, width: 2 });
  });

  it("white where it is transparent, mixed where half", async () => {
    expect(await decoded(plain({ ...RED, alpha: 0 }, 1, 1, 4).png(), 1, 1)).toEqual([255, 255, 255]);
    const [r, g, b] = await decoded(plain({ ...RED, alpha: 0.5 }, 1, 1, 4).png(), 1, 1);
    expect(r).toBe(255);
    expect(Math.abs(g! - 127)).toBeLessThanOrEqual(1); // alpha is 127 or 128 of 255
    expect(b).toBe(g);
  });

  it("from grey as three equal planes, and to grey as one", async () => {
    const grey = plain({ r: 90, g: 90, b: 90 }).toColourspace("b-w").png();
    expect(await measurePicture(await grey.toBuffer(), "a picture")).toMatchObject({ channels: 1 });
    expect(await decoded(grey, 1, 1)).toEqual([90, 90, 90]);
    expect(await decoded(grey, 1, 1, 1)).toEqual([90]);
    expect(await decoded(plain({ r: 90, g: 90, b: 90 }).png(), 1, 1, 1)).toEqual([90]);
  });

  it("from 16 bits, the high byte of each number", async () => {
    const wide = Uint16Array.from({ length: 12 }, (_, i) => (20 * i) << 8);
    const rgb = sharp(wide, { raw: { width: 2, height: 2, channels: 3 } })
      .toColourspace("rgb16")
      .png();
    expect((await sharp(await rgb.toBuffer()).metadata()).depth).toBe("ushort");
    expect(await decoded(rgb, 2, 2)).toEqual(planes);
    const raw16 = { raw: { width: 2, height: 2, channels: 1 as const } };
    const grey = sharp(wide.subarray(0, 4), raw16).toColourspace("grey16").png();
    expect((await sharp(await grey.toBuffer()).metadata()).depth).toBe("ushort");
    const found = await decoded(grey, 2, 2, 1);
    for (const [i, value] of [0, 20, 40, 60].entries()) {
      expect(Math.abs(found[i] - value)).toBeLessThanOrEqual(1); // libvips rounds on its way through linear light
    }
  });

  it("from CMYK, near the colour that was printed", async () => {
    const cmyk = plain(RED, 16, 16).toColourspace("cmyk").jpeg({ quality: 100 });
    expect((await sharp(await cmyk.toBuffer()).metadata()).space).toBe("cmyk");
    const shape = { channels: 3, height: 16, width: 16 };
    const [r, g, b] = means(await decodeImage(await cmyk.toBuffer(), "a picture", shape), 3);
    expect(r).toBeGreaterThan(215); // print cannot show pure red: about (237, 28, 36)
    expect(Math.max(g!, b!)).toBeLessThan(60);
  });

  it("cropped about the centre, not squeezed", async () => {
    const side = { width: 4, height: 4, channels: 3 as const, background: "#00f" };
    const wide = plain(RED, 12, 4).composite([
      { input: { create: side }, left: 0, top: 0 },
      { input: { create: side }, left: 8, top: 0 },
    ]);
    expect(await decoded(wide.png(), 4, 4)).toEqual([...Array(16).fill(255), ...Array(32).fill(0)]);
  });

  it("alike from planes of bytes", async () => {
    const from = { channels: 3, height: 2, width: 2 };
    expect([...(await reshapePixels(Uint8Array.from(planes), from, from))]).toEqual(planes);
    const grey = { channels: 1, height: 1, width: 2 };
    const toColour = { channels: 3, height: 1, width: 2 };
    expect([...(await reshapePixels(Uint8Array.of(7, 200), grey, toColour))]).toEqual([
      7, 200, 7, 200, 7, 200,
    ]);
  });
});

describe("what cannot be decoded is named", () => {
  const shape = { channels: 3, height: 8, width: 8 };
  const noise = Uint8Array.from({ length: 64 * 64 * 3 }, (_, i) => (i * 7919) % 251);
  const picture = () => sharp(noise, { raw: { width: 64, height: 64, channels: 3 } });
  const half = async (image: Sharp) => {
    const bytes = await image.toBuffer();
    return bytes.subarray(0, bytes.length / 2);
  };
  const cases: [string, () => Promise<Uint8Array> | Uint8Array, RegExp][] = [
    ["nothing", () => new Uint8Array(), /empty\n.*cat\.jpg: 0 bytes/],
    [
      "text",
      () => Buffer.from("<html>not found"),
      /no PNG, JPEG, WebP, GIF, AVIF or TIFF[\s\S]*cat\.jpg begins with "<html>/,
    ],
    ["another format", () => Buffer.from("<svg/>"), /begins with "<svg/],
    ["a JPEG cut short", () => half(picture().jpeg()), /damaged or cut short\n.*cat\.jpg/],
    ["a PNG cut short", () => half(picture().png()), /damaged or cut short\n.*cat\.jpg/],
    ["a WebP cut short", () => half(picture().webp()), /damaged or cut short\n.*cat\.jpg/],
    ["a header alone", () => Buffer.from("\xff\xd8\xff\xe0", "latin1"), /damaged or cut short/],
    ["a bomb", () => bomb(30000), /30000 x 30000 = 900000000 pixels, over the limit of \d+/],
  ];
  it.each(cases)("%s", async (_, bytes, message) => {
    const decoding = decodeImage(await bytes(), "cat.jpg", shape);
    await expect(decoding).rejects.toThrow(ImageError);
    await expect(decoding).rejects.toThrow(message);
  });

  it("with a reason, also where the decoder gives none", async () => {
    const reason = async (bytes: Uint8Array) =>
      decodeImage(bytes, "cat.jpg", shape).catch((error: Error) => error.message);
    const png = (await picture().png().toBuffer()).subarray(0, 30);
    expect(await reason(png)).toMatch(/cat\.jpg: Input buffer has corrupt header\n/);
    // Side by side: the decoder then loses some of its texts.
    const jpeg = await half(picture().jpeg());
    for (const message of await Promise.all(Array.from({ length: 200 }, () => reason(jpeg)))) {
      expect(message).toMatch(/cat\.jpg: (its bytes are cut short or damaged|VipsJpeg: .*)\n/);
    }
  });

  it("a bomb already when it is measured", async () => {
    expect(MAX_PIXELS).toBeLessThan(30000 ** 2);
    await expect(measurePicture(bomb(30000), "a.png")).rejects.toThrow(/too many pixels/);
  });
});
