import { describe, expect, it } from "vitest";
import { randomStream } from "../../core/random.js";
import { copyShifted, copyStretched, drawBox, drawShift } from "./geometry.js";

const line = { channels: 1, height: 1, width: 5 };

function shifted(x: number, isMirrored = false): number[] {
  const target = new Float32Array(5);
  copyShifted(Float32Array.of(0, 1, 2, 3, 4), target, line, { x, y: 0, isMirrored });
  return [...target];
}

describe("a shifted image", () => {
  it("is reflected at its border, which is not repeated", () => {
    expect(shifted(0)).toEqual([0, 1, 2, 3, 4]);
    expect(shifted(2)).toEqual([2, 3, 4, 3, 2]);
    expect(shifted(-4)).toEqual([4, 3, 2, 1, 0]);
  });

  it("is mirrored after the crop", () => {
    expect(shifted(0, true)).toEqual([4, 3, 2, 1, 0]);
    expect(shifted(2, true)).toEqual(shifted(2).toReversed());
  });

  it("moves all channels by rows and columns alike", () => {
    const shape = { channels: 2, height: 3, width: 2 };
    const target = new Float32Array(12);
    const source = Float32Array.from({ length: 12 }, (_, i) => i);
    copyShifted(source, target, shape, { x: 1, y: -1, isMirrored: false });
    expect([...target]).toEqual([3, 2, 1, 0, 3, 2, 9, 8, 7, 6, 9, 8]);
  });

  it("lies anywhere within the padding, evenly", () => {
    const random = randomStream(1, "shift");
    const counts = new Array(25).fill(0);
    for (let i = 0; i < 5000; i++) {
      const { x, y } = drawShift(2, random);
      counts[(y + 2) * 5 + x + 2]++;
    }
    // 200 expected each, with a deviation of 14.
    expect(Math.min(...counts)).toBeGreaterThan(140);
    expect(Math.max(...counts)).toBeLessThan(260);
  });
});

describe("a stretched box", () => {
  it("is interpolated between the centres of pixels, without what lies outside", () => {
    const source = Float32Array.of(9, 9, 9, 9, 9, 0, 1, 9, 9, 2, 3, 9, 9, 9, 9, 9);
    const target = new Float32Array(16);
    const box = { left: 1, top: 1, width: 2, height: 2 };
    copyStretched(source, target, { channels: 1, height: 4, width: 4 }, box, false);
    // Twice the size: the centres fall on 0 (held), 1/4, 3/4 and 1 (held) of the way.
    const way = [0, 0.25, 0.75, 1];
    expect([...target]).toEqual(way.flatMap((down) => way.map((right) => 2 * down + right)));
    const mirrored = new Float32Array(16);
    copyStretched(source, mirrored, { channels: 1, height: 4, width: 4 }, box, true);
    expect([...mirrored.subarray(0, 4)]).toEqual([1, 0.75, 0.25, 0]);
  });

  it("is the image itself where it is all of it", () => {
    const shape = { channels: 3, height: 4, width: 6 };
    const source = Float32Array.from({ length: 72 }, (_, i) => Math.sin(i));
    const target = new Float32Array(72);
    copyStretched(source, target, shape, { left: 0, top: 0, width: 6, height: 4 }, false);
    expect(target).toEqual(source);
  });

  it("is drawn with its share of the area and its aspect, inside the image", () => {
    const random = randomStream(2, "box");
    const shape = { channels: 3, height: 200, width: 200 };
    const areas: number[] = [];
    for (let i = 0; i < 2000; i++) {
      const { left, top, width, height } = drawBox(shape, 0.2, random);
      expect(left + width <= 200 && top + height <= 200 && left >= 0 && top >= 0).toBe(true);
      // Rounding to pixels moves a side of 90 by half a percent.
      expect(Math.abs(Math.log(width / height))).toBeLessThan(Math.log(4 / 3) + 0.012);
      areas.push((width * height) / 40_000);
    }
    expect(Math.min(...areas)).toBeGreaterThan(0.198);
    expect(Math.max(...areas)).toBeLessThanOrEqual(1);
    // Uniform from 0.2 to 1 but for large boxes that do not fit and are drawn again.
    const small = areas.filter((area) => area < 0.4).length / areas.length;
    expect(small).toBeGreaterThan(0.23);
    expect(small).toBeLessThan(0.33);
  });

  it("is all of an image that no box fits into", () => {
    const shape = { channels: 1, height: 2, width: 40 };
    expect(drawBox(shape, 1, randomStream(3, "box"))).toEqual({ left: 0, top: 0, width: 40, height: 2 });
  });
});
