import { describe, expect, it } from "vitest";
import { randomStream } from "../../core/random.js";
import { jitterColor, scaleBrightness, scaleContrast, scaleSaturation, turnHue } from "./colour.js";

/** One pixel, or several, of colours from 0 to 1, plane after plane. */
function image(...pixels: (readonly [number, number, number])[]): Float32Array {
  return Float32Array.from([0, 1, 2].flatMap((channel) => pixels.map((pixel) => 2 * pixel[channel] - 1)));
}

function expectClose(found: Float32Array, wanted: Float32Array): void {
  // A handful of float32 roundings of numbers around 1.
  for (const [i, value] of wanted.entries()) expect(Math.abs(found[i] - value)).toBeLessThan(1e-6);
}

describe("colours", () => {
  it("are brighter by a factor, up to white", () => {
    const found = image([0, 0.25, 0.8]);
    scaleBrightness(found, 1.5);
    expectClose(found, image([0, 0.375, 1]));
  });

  it("are drawn to the mean grey by less contrast", () => {
    const [white, black] = [
      [1, 1, 1],
      [0, 0, 0],
    ] as const;
    const found = image(white, black, [1, 0, 0], [0, 1, 0]);
    scaleContrast(found, 3, 0.5);
    const mean = (1 + 0.299 + 0.587) / 4;
    const [high, low] = [(1 + mean) / 2, mean / 2];
    expectClose(found, image([high, high, high], [low, low, low], [high, low, low], [low, high, low]));
    const grey = Float32Array.of(-1, 0, 0.25);
    scaleContrast(grey, 1, 0);
    expectClose(grey, Float32Array.of(-0.25, -0.25, -0.25));
  });

  it("are gone without saturation, and stronger with more", () => {
    const grey = image([1, 0.5, 0]);
    scaleSaturation(grey, 0);
    const luma = 0.299 + 0.587 / 2;
    expectClose(grey, image([luma, luma, luma]));
    const strong = image([0.6, 0.5, 0.4]);
    scaleSaturation(strong, 2);
    const middle = 0.299 * 0.6 + 0.587 * 0.5 + 0.114 * 0.4;
    expectClose(strong, image([1.2 - middle, 1 - middle, 0.8 - middle]));
  });

  it("turn around the circle", () => {
    const found = image([1, 0, 0], [0, 1, 0], [0.5, 0.5, 0.5], [1, 1, 0]);
    turnHue(found, 1 / 3);
    expectClose(found, image([0, 1, 0], [0, 0, 1], [0.5, 0.5, 0.5], [0, 1, 1]));
  });

  it("turn as Python's colorsys has it", () => {
    const first = image([0.2, 0.5, 0.7]);
    turnHue(first, 0.1);
    expectClose(first, image([0.2, 0.2, 0.7]));
    const second = image([0.9, 0.3, 0.35]);
    turnHue(second, -0.25);
    expectClose(second, image([0.55, 0.3, 0.9]));
  });
});

describe("jitter", () => {
  const strengths = { brightness: 0.4, contrast: 0.4, saturation: 0.4, hue: 0.1 };
  const none = { brightness: 0, contrast: 0, saturation: 0 };
  const source = image([0.2, 0.5, 0.7], [0.9, 0.3, 0.35], [0.1, 0.1, 0.6]);

  it("of no strength changes nothing", () => {
    const found = source.slice();
    jitterColor(found, 3, none, randomStream(1, "jitter"));
    expectClose(found, source);
  });

  it("keeps values from -1 to 1, and greys grey", () => {
    const random = randomStream(2, "jitter");
    for (let i = 0; i < 200; i++) {
      const found = Float32Array.of(...source, ...source.subarray(0, 3));
      jitterColor(found, 3, { ...strengths, brightness: 2 }, random);
      expect(found.every((value) => value >= -1 && value <= 1)).toBe(true);
      const grey = image([0.3, 0.3, 0.3], [0.6, 0.6, 0.6]);
      jitterColor(grey, 3, strengths, random);
      expectClose(grey.subarray(0, 2), grey.subarray(4, 6));
    }
  });

  it("leaves images alone by its probability", () => {
    const random = randomStream(3, "jitter");
    let changed = 0;
    for (let i = 0; i < 1000; i++) {
      const found = source.slice();
      jitterColor(found, 3, { ...strengths, probability: 0.8 }, random);
      if (found.some((value, at) => value !== source[at])) changed++;
    }
    // Four deviations of 12.6.
    expect(Math.abs(changed - 800)).toBeLessThan(51);
  });

  it("draws brightness evenly around 1", () => {
    const random = randomStream(4, "jitter");
    const factors = Array.from({ length: 2000 }, () => {
      const found = Float32Array.of(0);
      jitterColor(found, 1, { ...none, brightness: 0.4 }, random);
      return found[0] + 1;
    });
    expect(Math.min(...factors)).toBeGreaterThan(0.599);
    expect(Math.max(...factors)).toBeLessThan(1.401);
    // The deviation of the mean is 0.8 / sqrt(12 * 2000) = 0.005.
    expect(Math.abs(factors.reduce((a, b) => a + b) / 2000 - 1)).toBeLessThan(0.02);
  });
});
