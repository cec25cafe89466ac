import { expect, it } from "vitest";
import { randomStream } from "../../core/random.js";
import { eraseRectangle } from "./erasing.js";

const shape = { channels: 3, height: 40, width: 30 };
const plane = 40 * 30;

it("fills one rectangle of 2 to 40 % with noise, the same in every channel", () => {
  const random = randomStream(1, "erasing");
  for (let i = 0; i < 100; i++) {
    const image = new Float32Array(3 * plane).fill(7);
    eraseRectangle(image, shape, random);
    const erased = [...image.keys()].filter((at) => image[at] !== 7);
    const first = erased.filter((at) => at < plane);
    expect(erased).toEqual([0, 1, 2].flatMap((channel) => first.map((at) => channel * plane + at)));
    const rows = new Set(first.map((at) => Math.floor(at / 30)));
    const columns = new Set(first.map((at) => at % 30));
    expect(first).toHaveLength(rows.size * columns.size);
    expect(Math.max(...rows) - Math.min(...rows) + 1).toBe(rows.size);
    expect(Math.max(...columns) - Math.min(...columns) + 1).toBe(columns.size);
    // Sides are rounded to pixels: the smallest rectangle is about 3 x 8.
    expect(first.length / plane).toBeGreaterThan(0.015);
    expect(first.length / plane).toBeLessThan(0.42);
    expect(erased.every((at) => Math.abs(image[at]) <= 1)).toBe(true);
  }
});

it("fills with the mean 0 and the variance 1/3 of even noise", () => {
  const random = randomStream(2, "erasing");
  const noise: number[] = [];
  while (noise.length < 20_000) {
    const image = new Float32Array(3 * plane).fill(7);
    eraseRectangle(image, shape, random);
    noise.push(...image.filter((value) => value !== 7));
  }
  const mean = noise.reduce((sum, value) => sum + value, 0) / noise.length;
  const square = noise.reduce((sum, value) => sum + value * value, 0) / noise.length;
  // Five deviations: sqrt(1/3 / 20000) = 0.004 and sqrt(4/45 / 20000) = 0.002.
  expect(Math.abs(mean)).toBeLessThan(0.02);
  expect(Math.abs(square - 1 / 3)).toBeLessThan(0.01);
});
