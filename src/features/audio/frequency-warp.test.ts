import { describe, expect, it } from "vitest";
import { AudioFeatureError } from "./errors.js";
import { warpFrequencies } from "./frequency-warp.js";
import { kaldiMel } from "./mel-settings.js";
import { type Frames, logMel } from "./mel-spectrogram.js";

const settings = { ...kaldiMel, normalisation: "none" } as const;
const tone = (hertz: number) =>
  Float32Array.from({ length: 3200 }, (_, i) => 0.3 * Math.sin((2 * Math.PI * hertz * i) / 16000));
/** The loudest band of the middle frame. */
const loudest = ({ data, frames, bands }: Frames) => {
  const row = data.subarray(Math.floor(frames / 2) * bands, (Math.floor(frames / 2) + 1) * bands);
  return row.indexOf(Math.max(...row));
};

describe("warped frequencies", () => {
  it("hear a tone where one of another pitch is heard", () => {
    for (const factor of [0.85, 1.15]) {
      const warped = warpFrequencies(logMel(settings, tone(1500)), factor, settings);
      // A band is 25 to 40 Hz wide there at 1,300 to 1,765 Hz; between bands the loudest may be the next one.
      expect(Math.abs(loudest(warped) - loudest(logMel(settings, tone(1500 / factor))))).toBeLessThan(2);
    }
  });

  it("are as they were for a factor of 1, but for rounding", () => {
    const frames = logMel(settings, tone(700));
    const { data } = warpFrequencies(frames, 1, settings);
    for (const [i, value] of data.entries()) expect(value).toBeCloseTo(frames.data[i], 4);
  });

  it("are refused far from what they were", () => {
    const frames = { data: new Float32Array(80), frames: 1, bands: 80 };
    expect(() => warpFrequencies(frames, 3, kaldiMel)).toThrow(AudioFeatureError);
  });
});
