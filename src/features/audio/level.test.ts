import { describe, expect, it } from "vitest";
import { AudioFeatureError } from "./errors.js";
import { changeGain, meanSquare } from "./level.js";

const sound = Float32Array.of(0.1, -0.4, 0.2, 0);
const peak = (samples: Float32Array) => Math.max(...samples.map(Math.abs));

describe("a gain", () => {
  it("changes the level by its decibels", () => {
    for (const decibels of [-12, 0, 6]) {
      const ratio = meanSquare(changeGain(sound, decibels)) / meanSquare(sound);
      expect(10 * Math.log10(ratio)).toBeCloseTo(decibels, 5);
    }
  });

  it("never clips", () => {
    const found = changeGain(sound, 20);
    expect(peak(found)).toBe(1);
    expect(found[2] / found[0]).toBeCloseTo(2, 6);
    expect(peak(changeGain(Float32Array.of(0.5, -3), 0))).toBe(1);
  });

  it("leaves silence silent", () => {
    expect(changeGain(new Float32Array(4), 10)).toEqual(new Float32Array(4));
    expect(meanSquare(new Float32Array(0))).toBe(0);
  });

  it("is a number", () => {
    expect(() => changeGain(sound, Number.NaN)).toThrow(AudioFeatureError);
  });
});
