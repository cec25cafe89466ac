import { describe, expect, it } from "vitest";
import { randomStream } from "../../core/random.js";
import { melFilters } from "./mel-filters.js";
import { melMagnitudes } from "./mel-magnitudes.js";
import { kaldiMel, slaneyMel } from "./mel-settings.js";
import { logMel } from "./mel-spectrogram.js";
import { towardsMel } from "./towards-mel.js";
import { VocoderSpectra } from "./vocoder-spectra.js";

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

  it("cannot be had of features for recognition", () => {
    expect(() => melMagnitudes(new Float32Array(80), kaldiMel)).toThrow("no sound can be made of this kind");
  });
});

describe("steps towards mel bands", () => {
  const distance = (samples: Float32Array) => {
    const found = logMel(settings, samples).data;
    return found.reduce((sum, value, i) => sum + Math.abs(value - mel[i]), 0) / mel.length;
  };

  it("bring a sound nearer to them", () => {
    const random = randomStream(2, "noise");
    const noise = Float32Array.from({ length: sound.length }, () => 0.1 * random.normal());
    const brought = towardsMel(noise, mel, settings, 8);
    expect(brought).toHaveLength(sound.length);
    expect(distance(brought)).toBeLessThan(0.2 * distance(noise));
  });

  it("leave a sound that has them as it is", () => {
    const kept = towardsMel(sound, mel, settings, 2);
    // Float32 logarithms and spectra.
    for (const [i, value] of kept.entries()) expect(Math.abs(value - sound[i])).toBeLessThan(1e-4);
  });
});

describe("spectra as a vocoder sees them", () => {
  const spectra = new VocoderSpectra(settings);
  const scale = spectra.scaleOf(mel);

  it("are of about unit variance, and are the sound", () => {
    const spectrum = spectra.spectrumOf(sound, scale);
    const variance = spectrum.reduce((sum, value) => sum + value * value, 0) / spectrum.length;
    expect(variance).toBeGreaterThan(0.3);
    expect(variance).toBeLessThan(2);
    const again = spectra.soundOf(spectrum, scale, sound.length);
    for (const [i, value] of again.entries()) expect(Math.abs(value - sound[i])).toBeLessThan(1e-5);
  });

  it("are divided by nothing too small: silence has magnitudes too", () => {
    const silence = logMel(settings, new Float32Array(3000)).data;
    expect(Math.min(...spectra.scaleOf(silence))).toBeGreaterThan(0);
    expect(Math.max(...spectra.scaleOf(silence))).toBeLessThan(1e-3);
  });
});
