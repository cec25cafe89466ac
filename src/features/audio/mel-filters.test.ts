import { describe, expect, it } from "vitest";
import { melFilters } from "./mel-filters.js";
import { kaldiMel, whisperMel } from "./mel-settings.js";
import { slaneyMel } from "./slaney-mel.js";

const peakHertz = (filter: Float64Array, width: number) => filter.indexOf(Math.max(...filter)) * width;

describe("mel filters", () => {
  it("cover each bin between the first and the last peak with weights of sum 1", () => {
    for (const triangles of ["mel", "hertz"] as const) {
      const filters = melFilters({ ...kaldiMel, triangles });
      for (let bin = 2; bin < 245; bin++) {
        expect(filters.reduce((sum, filter) => sum + filter[bin], 0)).toBeCloseTo(1, 12);
      }
    }
  });

  it("have the area 1 by Slaney's norm", () => {
    // Wide triangles: the sum over bins is the integral but for the corners, within 1 %.
    const wide = { ...slaneyMel(16000), bands: 20, fftSize: 4096 };
    for (const filter of melFilters(wide)) {
      const area = filter.reduce((sum, weight) => sum + weight, 0) * (16000 / 4096);
      expect(Math.abs(area - 1)).toBeLessThan(0.01);
    }
  });

  it("stand where the scales say, by the published constants", () => {
    // One triangle over 0 to 8000 Hz has its peak at half the mels.
    const one = { ...kaldiMel, bands: 1, fmin: 0, fftSize: 16000 };
    expect(peakHertz(melFilters(one)[0], 1)).toBe(Math.round(700 * (Math.exp(2840.02 / 2 / 1127) - 1)));
    const slaney = melFilters({ ...one, melScale: "slaney" })[0];
    expect(peakHertz(slaney, 1)).toBe(Math.round(1000 * 6.4 ** ((45.2456 / 2 - 15) / 27)));
  });

  it("leave no band without a bin in the settings that are ready", () => {
    for (const settings of [
      kaldiMel,
      whisperMel,
      ...[8000, 16000, 22050, 24000, 44100].map((rate) => slaneyMel(rate)),
    ]) {
      for (const filter of melFilters(settings)) expect(Math.max(...filter)).toBeGreaterThan(0);
    }
  });

  it("are finer in longer windows, and refused where a band would hold nothing", () => {
    expect(slaneyMel(16000, { windowSeconds: 0.064, bands: 128 })).toMatchObject({
      windowLength: 1024,
      hop: 256,
      bands: 128,
    });
    expect(() => slaneyMel(16000, { bands: 200 })).toThrow(
      "200 bands up to 8000 Hz, of windows that tell 31.3 Hz",
    );
  });
});
