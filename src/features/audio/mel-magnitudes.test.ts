import { describe, expect, it } from "vitest";
import { randomStream } from "../../core/random.js";
import { melFilters } from "./mel-filters.js";
import { melMagnitudes, roughLogs } from "./mel-magnitudes.js";
import { kaldiMel } from "./mel-settings.js";
import { logMel } from "./mel-spectrogram.js";
import { slaneyMel } from "./slaney-mel.js";

const settings = slaneyMel(8000);
/** A tone of 500 Hz in noise. */
const sound = (() => {
  const random = randomStream(1, "sound");
  return Float32Array.from(
    { length: 3000 },
    (_, i) => 0.3 * Math.sin((2 * Math.PI * 500 * i) / 8000) + 0.01 * random.normal(),
  );
})();
const { data: mel, frames } = logMel(settings, sound);

describe("magnitudes of mel bands", () => {
  it.each([1, 2] as const)("are loudest where the tone is: power %i", (power) => {
    const own = { ...settings, power };
    const magnitudes = melMagnitudes(logMel(own, sound).data, own);
    expect(magnitudes).toHaveLength(frames * 129);
    expect(magnitudes.every((value) => value >= 0)).toBe(true);
    const row = magnitudes.subarray(20 * 129, 21 * 129);
    expect(row.indexOf(Math.max(...row))).toBe(16); // of 31.25 Hz
  });

  it("have the bands after many steps, and less so before", () => {
    const filters = melFilters(settings);
    const error = (steps: number) => {
      const row = melMagnitudes(mel, settings, steps).subarray(20 * 129, 21 * 129);
      const bands = filters.map((filter) => filter.reduce((sum, weight, bin) => sum + weight * row[bin], 0));
      return Math.max(...bands.map((value, band) => Math.abs(value - Math.exp(mel[20 * 64 + band]))));
    };
    expect(error(200)).toBeLessThan(0.2 * error(0));
  });

  it("have logarithms down to the floor of a band", () => {
    const logs = roughLogs(mel, settings);
    const magnitudes = melMagnitudes(mel, settings);
    const loud = magnitudes.indexOf(Math.max(...magnitudes));
    expect(logs[loud]).toBeCloseTo(Math.log(magnitudes[loud]), 5);
    expect(logs[0]).toBeCloseTo(Math.log(1e-5), 5); // no band hears 0 Hz
  });

  it("cannot be had of features for recognition", () => {
    expect(() => melMagnitudes(new Float32Array(80), kaldiMel)).toThrow("no sound can be made of this kind");
  });
});
