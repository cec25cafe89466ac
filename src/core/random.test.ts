import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { fillNormal, fillUniform, permuted, RandomError, randomStream, threefry2x32 } from "./random.js";

describe("threefry2x32", () => {
  // kat_vectors of the Random123 distribution, "threefry2x32 20".
  it.each([
    [
      [0, 0],
      [0, 0],
      [0x6b200159, 0x99ba4efe],
    ],
    [
      [0xffffffff, 0xffffffff],
      [0xffffffff, 0xffffffff],
      [0x1cb996fc, 0xbb002be7],
    ],
    [
      [0x13198a2e, 0x03707344],
      [0x243f6a88, 0x85a308d3],
      [0xc4923a9c, 0x483df7a0],
    ],
  ])("matches the known answer for key %j", (key, counter, answer) => {
    expect(threefry2x32(key as [number, number], counter as [number, number])).toEqual(answer);
  });
});

function draw(count: number, next: () => number): number[] {
  return Array.from({ length: count }, next);
}

function moments(values: ArrayLike<number>): { mean: number; deviation: number; kurtosis: number } {
  const list = Array.from(values);
  const mean = list.reduce((a, b) => a + b, 0) / list.length;
  const central = (power: number) => list.reduce((a, b) => a + (b - mean) ** power, 0) / list.length;
  return { mean, deviation: Math.sqrt(central(2)), kurtosis: central(4) / central(2) ** 2 };
}

describe("randomStream", () => {
  it("gives the same numbers for the same key and others when any part of the key changes", () => {
    const first = (seed: number, purpose: string, step?: number) => {
      const stream = randomStream(seed, purpose, step);
      return draw(4, () => stream.uint32()).join();
    };
    expect(first(7, "mask", 3)).toBe(first(7, "mask", 3));
    const others = [
      first(7, "mask", 4),
      first(8, "mask", 3),
      first(7, "masks", 3),
      first(7, "mask"),
      first(-7, "mask", 3),
      first(7 + 2 ** 32, "mask", 3),
      first(7, "mask", 3 + 2 ** 32),
    ];
    expect(new Set([first(7, "mask", 3), ...others]).size).toBe(others.length + 1);
  });

  it("is uniform on [0, 1)", () => {
    const stream = randomStream(1, "uniform");
    const values = draw(20_000, () => stream.uniform());
    expect(Math.min(...values)).toBeGreaterThanOrEqual(0);
    expect(Math.max(...values)).toBeLessThan(1);
    const { mean, deviation } = moments(values);
    expect(mean).toBeCloseTo(0.5, 2);
    expect(deviation).toBeCloseTo(Math.sqrt(1 / 12), 2);
  });

  it("draws every integer equally often", () => {
    const stream = randomStream(2, "integer");
    const counts = new Array<number>(7).fill(0);
    for (let i = 0; i < 70_000; i++) counts[stream.integer(7)]++;
    const chiSquare = counts.reduce((sum, count) => sum + (count - 10_000) ** 2 / 10_000, 0);
    expect(chiSquare).toBeLessThan(22.5); // 6 degrees of freedom, p = 0.001
  });

  it("draws integers above 32 bits and refuses impossible ranges", () => {
    const stream = randomStream(3, "large");
    const values = draw(100, () => stream.integer(2 ** 50));
    expect(values.every((value) => Number.isInteger(value) && value < 2 ** 50)).toBe(true);
    expect(Math.max(...values)).toBeGreaterThan(2 ** 45);
    for (const n of [0, -1, 1.5, Number.NaN]) expect(() => stream.integer(n)).toThrow(RandomError);
    expect(() => randomStream(0.5, "seed")).toThrow(/seed.*\n.*0\.5/);
  });

  it("is normal", () => {
    const values = new Float32Array(40_000);
    fillNormal(values, randomStream(4, "normal"), 3);
    const { mean, deviation, kurtosis } = moments(values);
    expect(Math.abs(mean)).toBeLessThan(0.05);
    expect(Math.abs(deviation - 3)).toBeLessThan(0.05);
    expect(Math.abs(kurtosis - 3)).toBeLessThan(0.15);
  });

  it("fills a range uniformly", () => {
    const values = new Float32Array(20_000);
    fillUniform(values, randomStream(5, "range"), -2, 4);
    expect(Math.min(...values)).toBeGreaterThanOrEqual(-2);
    expect(Math.max(...values)).toBeLessThanOrEqual(4);
    expect(Math.abs(moments(values).mean - 1)).toBeLessThan(0.05);
  });
});

describe("permuted", () => {
  it("is a permutation for every size", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 300 }), fc.integer(), fc.nat(), (size, seed, step) => {
        const images = Array.from({ length: size }, (_, i) => permuted(i, size, seed, "order", step));
        expect(images.sort((a, b) => a - b)).toEqual(Array.from({ length: size }, (_, i) => i));
      }),
      { numRuns: 60 },
    );
  });

  it("sends an index everywhere equally often over the steps", () => {
    const size = 10;
    const counts = new Array<number>(size).fill(0);
    for (let step = 0; step < 5000; step++) counts[permuted(3, size, 0, "order", step)]++;
    const chiSquare = counts.reduce((sum, count) => sum + (count - 500) ** 2 / 500, 0);
    expect(chiSquare).toBeLessThan(27.9); // 9 degrees of freedom, p = 0.001
  });

  it("keeps no neighbours together and reaches sizes beyond 32 bits", () => {
    const images = Array.from({ length: 1000 }, (_, i) => permuted(i, 1000, 1, "order"));
    const neighbours = images.filter((image, i) => i > 0 && Math.abs(image - images[i - 1]) === 1);
    expect(neighbours.length).toBeLessThan(10);
    expect(permuted(2 ** 40, 2 ** 41, 1, "order")).toBeLessThan(2 ** 41);
  });

  it("refuses an index outside", () => {
    for (const index of [-1, 5, 0.5]) expect(() => permuted(index, 5, 0, "order")).toThrow(RandomError);
  });
});
