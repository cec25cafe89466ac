import { describe, expect, it } from "vitest";
import { randomStream } from "../../core/random.js";
import { areaOf, sharedArea } from "../../data/detection/boxes.js";
import { AugmentError } from "../images/errors.js";
import { pasteAndLocate } from "./paste.js";

const shape = { channels: 1, height: 60, width: 80 };
const size = shape.height * shape.width;
const dark = new Float32Array(size).fill(-1);
const light = new Float32Array(size).fill(1);
const draws = Array.from({ length: 30 }, (_, step) =>
  pasteAndLocate([dark, light], shape, randomStream(1, "paste", step)),
);

describe("pasteAndLocate", () => {
  it("bounds what was pasted by boxes, and every box has something in it that touches its sides", () => {
    for (const [{ pixels, boxes }] of draws) {
      const changed = (x: number, y: number) => pixels[y * shape.width + x] > -1;
      const inside = (x: number, y: number) =>
        boxes.some((b) => x >= b.left && x < b.right && y >= b.top && y < b.bottom);
      for (let at = 0; at < size; at++) {
        const [x, y] = [at % shape.width, Math.floor(at / shape.width)];
        if (changed(x, y)) expect(inside(x, y)).toBe(true);
      }
      for (const { left, top, right, bottom } of boxes) {
        const [x, y] = [Math.floor((left + right) / 2), Math.floor((top + bottom) / 2)];
        // The middles of the sides are the ends of the ellipse.
        const ends = [
          [left, y],
          [right - 1, y],
          [x, top],
          [x, bottom - 1],
        ];
        expect(ends.every(([endX, endY]) => changed(endX, endY))).toBe(true);
      }
    }
  });

  it("pastes up to eight patches of all sizes, none of which hides another", () => {
    const numbers = draws.map(([{ boxes }]) => boxes.length);
    expect(Math.max(...numbers)).toBeLessThanOrEqual(8);
    expect(Math.max(...numbers)).toBeGreaterThan(4);
    const boxes = draws.flatMap(([dark, light]) => [...dark.boxes, ...light.boxes]);
    const lengths = boxes.map((box) => Math.sqrt(areaOf(box))).toSorted((a, b) => a - b);
    expect(lengths[0]).toBeLessThan(6); // of 3.6 to 27.6
    expect(lengths.at(-1)).toBeGreaterThan(20);
    expect(new Set(boxes.map(({ label }) => label))).toEqual(new Set([0]));
    for (const [{ boxes }] of draws) {
      for (const [i, box] of boxes.entries()) {
        for (const later of boxes.slice(i + 1)) {
          expect(sharedArea(box, later)).toBeLessThanOrEqual(areaOf(box) / 4);
        }
      }
    }
  });

  it("fades at the border and takes the patch as it is in the middle", () => {
    const values = new Set(draws.flatMap(([{ pixels }]) => [...pixels]));
    expect(values.has(1)).toBe(true);
    expect(values.size).toBeGreaterThan(20);
    for (const value of values) expect(Math.abs(value)).toBeLessThanOrEqual(1);
  });

  it("is a pure function of images and stream, and leaves what it was given", () => {
    const again = (step: number) => pasteAndLocate([dark, light], shape, randomStream(1, "paste", step));
    expect(again(3)).toEqual(draws[3]);
    expect(again(3)).not.toEqual(draws[4]);
    expect(new Set(dark)).toEqual(new Set([-1]));
  });

  it("refuses an image alone", () => {
    expect(() => pasteAndLocate([dark], shape, randomStream(1, "paste"))).toThrow(AugmentError);
  });
});
