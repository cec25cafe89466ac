/** A set of pictures with boxes that a detector learns in seconds: light squares and dark discs in noise. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import sharp from "sharp";
import { type RandomStream, randomStream } from "../src/core/random.js";
import { type Box, overlapOf } from "../src/data/detection/boxes.js";
import { annotationFiles, type PictureWithBoxes } from "../src/data/detection/write-boxes.js";

export const drawnClasses = ["square", "disc"];
const [width, height] = [64, 48];
const channels = 3;

/** Writes so many PNG files with COCO's JSON into a new folder; gives their boxes. */
export async function writeDrawnThings(folder: string, count: number, seed = 1): Promise<PictureWithBoxes[]> {
  mkdirSync(folder, { recursive: true });
  const pictures: PictureWithBoxes[] = [];
  for (let i = 0; i < count; i++) {
    const random = randomStream(seed, "drawn things", i);
    const boxes = drawBoxes(random);
    const pixels = Uint8Array.from({ length: channels * width * height }, () => 108 + random.integer(40));
    for (const box of boxes) fill(pixels, box);
    const name = `${String(i).padStart(3, "0")}.png`;
    await sharp(pixels, { raw: { width, height, channels } }).png().toFile(join(folder, name));
    pictures.push({ name, width, height, boxes });
  }
  for (const [name, text] of annotationFiles("coco", pictures, drawnClasses)) {
    writeFileSync(join(folder, name), text);
  }
  return pictures;
}

/** One or two that do not touch, of 12 to 24 pixels. */
function drawBoxes(random: RandomStream): Box[] {
  const boxes: Box[] = [];
  const wanted = 1 + random.integer(2);
  while (boxes.length < wanted) {
    const side = 12 + random.integer(13);
    const [left, top] = [random.integer(width - side), random.integer(height - side)];
    const box = { left, top, right: left + side, bottom: top + side, label: random.integer(2) };
    if (boxes.every((other) => overlapOf(other, box) === 0)) boxes.push(box);
  }
  return boxes;
}

function fill(pixels: Uint8Array, { left, top, right, bottom, label }: Box): void {
  const [x0, y0, radius] = [(left + right) / 2, (top + bottom) / 2, (right - left) / 2];
  for (let y = top; y < bottom; y++) {
    for (let x = left; x < right; x++) {
      const isInside = label === 0 || Math.hypot(x + 0.5 - x0, y + 0.5 - y0) < radius;
      if (isInside)
        pixels.fill(label === 0 ? 255 : 0, channels * (y * width + x), channels * (y * width + x + 1));
    }
  }
}
