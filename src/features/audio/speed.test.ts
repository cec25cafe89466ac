import { describe, expect, it } from "vitest";
import { AudioFeatureError } from "./errors.js";
import { changeSpeed } from "./speed.js";

const tone = (hertz: number, samples = 8000) =>
  Float32Array.from({ length: samples }, (_, i) => Math.sin((2 * Math.PI * hertz * i) / 16000));

/** Largest value, away from the ends, where the filter reaches beyond the sound. */
const worst = (values: Float32Array) =>
  values.subarray(100, -100).reduce((most, value) => Math.max(most, Math.abs(value)), 0);

describe("another speed", () => {
  it.each([0.9, 1.1, 0.5, 2])("makes of a tone a tone of %d times the frequency", (factor) => {
    for (const hertz of [100, 1000, 2500]) {
      const found = changeSpeed(tone(hertz), factor);
      expect(found).toHaveLength(Math.round(8000 / factor));
      const wanted = tone(hertz * factor, found.length);
      // The Blackman window's ripple is 2e-4 (-74 dB).
      expect(worst(found.map((value, i) => value - wanted[i]))).toBeLessThan(4e-4);
    }
  });

  it("filters away what would fold back", () => {
    expect(worst(changeSpeed(tone(7900), 1.1))).toBeLessThan(1e-3);
    expect(worst(changeSpeed(tone(5000), 2))).toBeLessThan(1e-3);
  });

  it("keeps a constant, and the ends in their places", () => {
    const found = changeSpeed(new Float32Array(1000).fill(0.5), 0.9);
    expect(worst(found.map((value) => value - 0.5))).toBeLessThan(2e-4);
    const click = new Float32Array(1000);
    click[550] = 1;
    const clicked = changeSpeed(click, 1.1);
    expect(clicked.indexOf(Math.max(...clicked))).toBe(500);
  });

  it("is a copy at factor 1, and nothing of nothing", () => {
    const sound = tone(440, 100);
    const found = changeSpeed(sound, 1);
    expect(found).toEqual(sound);
    expect(found).not.toBe(sound);
    expect(changeSpeed(new Float32Array(0), 1.1)).toHaveLength(0);
  });

  it.each([0, -1, 2.1, Number.NaN])("of factor %d is refused", (factor) => {
    expect(() => changeSpeed(tone(440, 10), factor)).toThrow(AudioFeatureError);
    expect(() => changeSpeed(tone(440, 10), factor)).toThrow(`factor ${factor}`);
  });
});
