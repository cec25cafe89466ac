import sharp, { type Sharp } from "sharp";
import { describe, expect, it } from "vitest";
import { ImageError } from "../images/decode.js";
import type { Detection } from "./boxes.js";
import { drawBoxes } from "./draw-boxes.js";
import { GLYPH, glyphOf } from "./pixel-font.js";

const RED = [230, 25, 75];
const GREEN = [60, 180, 75];
const CLASSES = ["cell", "dog"];

/** Noise, so that any change shows; its mean side asks for lines of one pixel. */
function noise(width = 200, height = 120): Sharp {
  const data = Uint8Array.from(
    { length: 3 * width * height },
    (_, i) => (Math.imul(i, 2654435761) >>> 13) & 255,
  );
  return sharp(data, { raw: { width, height, channels: 3 } });
}

const found = (left: number, top: number, right: number, bottom: number, label = 0): Detection => ({
  ...{ left, top, right, bottom },
  label,
  score: 0.93,
});

interface Pixels {
  readonly width: number;
  readonly height: number;
  at(x: number, y: number): number[];
}

async function pixelsOf(image: Sharp): Promise<Pixels> {
  const { data, info } = await image
    .toColourspace("srgb")
    .raw({ depth: "uchar" })
    .toBuffer({ resolveWithObject: true });
  expect(info.channels).toBe(3);
  const { width, height } = info;
  return { width, height, at: (x, y) => [...data.subarray(3 * (y * width + x), 3 * (y * width + x) + 3)] };
}

async function drawn(image: Sharp, detections: readonly Detection[], classes = CLASSES): Promise<Pixels> {
  return pixelsOf(sharp(await drawBoxes(await image.toBuffer(), "a.png", detections, classes, "png")));
}

/** Where pixels differ from the picture's own. */
function changed(after: Pixels, before: Pixels): { x: number; y: number }[] {
  const places: { x: number; y: number }[] = [];
  for (let y = 0; y < after.height; y++) {
    for (let x = 0; x < after.width; x++) {
      const [red, green, blue] = before.at(x, y);
      const [r, g, b] = after.at(x, y);
      if (r !== red || g !== green || b !== blue) places.push({ x, y });
    }
  }
  return places;
}

describe("drawBoxes", () => {
  it("outlines a box outside of it and puts a tag above, and changes nothing else", async () => {
    const before = await pixelsOf(noise());
    const after = await drawn(noise().png(), [found(60, 50, 90, 80)]);
    for (const [x, y] of [
      [59, 49],
      [90, 49],
      [59, 80],
      [90, 80],
      [59, 65],
      [75, 80],
    ]) {
      expect(after.at(x, y)).toEqual(RED);
    }
    // "cell 93" is 7 characters of 6 pixels and a margin of one; 9 pixels high.
    const astray = changed(after, before).filter(({ x, y }) => {
      const isOnLine = x >= 59 && x <= 90 && y >= 49 && y <= 80 && !(x >= 60 && x < 90 && y >= 50 && y < 80);
      return !isOnLine && !(x >= 59 && x < 59 + 43 && y >= 40 && y < 49);
    });
    expect(astray).toEqual([]);
    expect(after.at(59, 40)).toEqual(RED);
    expect(after.at(101, 48)).toEqual(RED);
  });

  it("writes the name and the percent", async () => {
    const after = await drawn(noise().png(), [found(60, 50, 90, 80, 1)]);
    const written = Array.from("dog 93", (_letter, i) =>
      Array.from({ length: GLYPH.width * GLYPH.height }, (_, p) => {
        const [x, y] = [60 + 6 * i + (p % GLYPH.width), 41 + Math.floor(p / GLYPH.width)];
        return String(after.at(x, y)) !== String(GREEN);
      }),
    );
    expect(written).toEqual([..."dog 93"].map(glyphOf));
  });

  it("puts the tag where it stays in the picture and hides no small box", async () => {
    const plain = { create: { width: 200, height: 120, channels: 3 as const, background: "#fff" } };
    const tagOf = async (box: Detection, size = plain) => {
      const after = await drawn(sharp(size).png(), [box]);
      const places = changed(after, await pixelsOf(sharp(size))).filter(
        ({ x, y }) => x < box.left - 1 || x > box.right || y < box.top - 1 || y > box.bottom,
      );
      const [xs, ys] = [places.map(({ x }) => x), places.map(({ y }) => y)];
      return places.length && [Math.min(...xs), Math.min(...ys), Math.max(...xs), Math.max(...ys)];
    };
    expect(await tagOf(found(190, 50, 200, 60))).toEqual([157, 40, 199, 48]); // moved to the left
    expect(await tagOf(found(20, 2, 30, 12))).toEqual([19, 13, 61, 21]); // below
    expect(await tagOf(found(20, 2, 30, 118))).toEqual([31, 1, 73, 9]); // to the right
    expect(await tagOf(found(180, 2, 190, 118))).toEqual([136, 1, 178, 9]); // to the left
    expect(await tagOf(found(2, 2, 198, 118))).toBe(0); // inside
    // 40 pixels have room for 6 characters: the name is cut, not the score.
    const narrow = { create: { ...plain.create, width: 40 } };
    expect(await tagOf(found(2, 40, 30, 60), narrow)).toEqual([1, 30, 37, 38]);
    await tagOf(found(0, 0, 3, 3), { create: { ...plain.create, width: 3, height: 3 } });
  });

  it("replaces a name without letters by the class's number, and takes accents off", async () => {
    const box = [found(60, 50, 90, 80)];
    const named = (name: string) => drawn(noise().png(), box, [name]);
    const number = await named("0");
    expect(changed(await named("红细胞"), number)).toEqual([]);
    expect(changed(await drawn(noise().png(), box, []), number)).toEqual([]);
    expect(changed(await named("Äé"), await named("Ae"))).toEqual([]);
    expect(changed(await named("Ae"), number).length).toBeGreaterThan(10);
  });

  it("draws the surest last, whichever comes first", async () => {
    const [unsure, sure] = [{ ...found(60, 50, 90, 80), score: 0.4 }, found(60, 50, 90, 80, 1)];
    for (const both of [
      [unsure, sure],
      [sure, unsure],
    ]) {
      expect((await drawn(noise().png(), both)).at(59, 65)).toEqual(GREEN);
    }
  });

  it("grows with the picture", async () => {
    const after = await drawn(noise(1200, 300).png(), [found(600, 150, 700, 200)]); // mean side 600
    expect([after.at(598, 170), after.at(599, 170)]).toEqual([RED, RED]);
    expect(after.at(599, 129)).not.toEqual(RED);
    expect(after.at(599, 130)).toEqual(RED); // a tag of 18
  });

  it("turns a picture upright first", async () => {
    const lying = noise().withMetadata({ orientation: 6 }).png();
    const after = await drawn(lying, [found(30, 150, 60, 180)]);
    expect(after).toMatchObject({ width: 120, height: 200 });
    expect(after.at(29, 165)).toEqual(RED);
    const before = await pixelsOf(sharp(await lying.toBuffer(), { autoOrient: true }));
    expect(after.at(45, 165)).toEqual(before.at(45, 165));
  });

  it.each([
    ["grey", (image: Sharp) => image.toColourspace("b-w").png()],
    ["16 bit", (image: Sharp) => image.toColourspace("rgb16").png()],
    ["16 bit grey", (image: Sharp) => image.toColourspace("grey16").png()],
    ["CMYK", (image: Sharp) => image.toColourspace("cmyk").jpeg()],
    ["transparent", (image: Sharp) => image.ensureAlpha(0.5).png()],
  ])("takes %s", async (_, as) => {
    const bytes = await as(noise()).toBuffer();
    const after = await drawn(as(noise()), [found(60, 50, 90, 80)]);
    expect(after.at(59, 65)).toEqual(RED);
    const before = await pixelsOf(sharp(bytes).flatten({ background: "#fff" }));
    expect(after.at(75, 65)).toEqual(before.at(75, 65));
  });

  it("writes JPEG with thin lines sharp", async () => {
    const plain = sharp({ create: { width: 200, height: 120, channels: 3, background: "#808080" } });
    const bytes = await drawBoxes(
      await plain.png().toBuffer(),
      "a.png",
      [found(60, 50, 90, 80)],
      CLASSES,
      "jpeg",
    );
    expect((await sharp(bytes).metadata()).format).toBe("jpeg");
    const [red, green] = (await pixelsOf(sharp(bytes))).at(59, 65);
    // Half the resolution would leave half of the colour's 205.
    expect(red - green).toBeGreaterThan(160);
  });

  it("names a picture that cannot be read", async () => {
    const cut = (await noise().png().toBuffer()).subarray(0, 500);
    await expect(drawBoxes(cut, "b.png", [], CLASSES, "png")).rejects.toThrow(ImageError);
    await expect(drawBoxes(cut, "b.png", [], CLASSES, "png")).rejects.toThrow(/b[.]png/);
  });
});

describe("the letters", () => {
  it("are those of printable ASCII, each of its own shape", () => {
    const printable = Array.from({ length: 95 }, (_, i) => String.fromCharCode(32 + i));
    const shapes = printable.map((character) => glyphOf(character));
    expect(new Set(shapes.map((shape) => JSON.stringify(shape))).size).toBe(95);
    for (const shape of shapes) expect(shape).toHaveLength(GLYPH.width * GLYPH.height);
    for (const other of ["\n", "\x7f", "é", "红", "😀"]) expect(glyphOf(other)).toBeUndefined();
  });

  it("stand upright", () => {
    const rows = glyphOf("F")!
      .map((isSet) => (isSet ? "#" : "."))
      .join("")
      .match(/.{5}/g);
    expect(rows).toEqual(["#####", "#....", "#....", "####.", "#....", "#....", "#...."]);
  });
});
