import { describe, expect, it } from "vitest";
import { tone } from "../../../test/sounds.js";
import { AudioError } from "./audio.js";
import { resample } from "./resample.js";

/** The largest difference apart from both ends, where the filter meets silence. */
function difference(a: Float32Array, b: Float32Array, edge: number): number {
  return a.reduce(
    (most, value, i) => (i < edge || i >= a.length - edge ? most : Math.max(most, Math.abs(value - b[i]))),
    0,
  );
}

const loudest = (samples: Float32Array, edge: number) =>
  difference(samples, new Float32Array(samples.length), edge);

describe("resample", () => {
  it.each([
    [44_100, 16_000],
    [48_000, 16_000],
    [22_050, 16_000],
    [8000, 16_000],
    [16_000, 8000],
    [384_000, 16_000],
    [11_025, 16_000],
  ])("keeps a tone's loudness and phase from %i to %i", async (from, to) => {
    const { samples } = tone(0.5, 1000, from);
    const made = await resample(samples, from, to);
    expect(made.length).toBe(Math.round((samples.length * to) / from));
    // SINC_MEDIUM promises 121 dB; float32 and the filter's ripple allow -100 dB of 0.5.
    expect(difference(made, tone(0.6, 1000, to).samples, 600)).toBeLessThan(5e-6);
  });

  it("goes on without a seam in long sound, again and again", async () => {
    const { samples } = tone(4, 1000, 44_100);
    const expected = tone(4, 1000, 16_000).samples;
    for (let round = 0; round < 2; round++) {
      expect(difference(await resample(samples, 44_100, 16_000), expected, 600)).toBeLessThan(5e-6);
    }
  });

  it("removes what lies above half the new rate", async () => {
    const { samples } = tone(0.5, 9500, 44_100);
    expect(loudest(await resample(samples, 44_100, 16_000), 600)).toBeLessThan(0.5 * 1e-4); // -80 dB
  });

  it("gives as many samples as the time takes, of few as well", async () => {
    for (const length of [1, 2, 99, 4410, 65_536, 65_537]) {
      expect((await resample(new Float32Array(length), 44_100, 16_000)).length).toBe(
        Math.round((length * 16_000) / 44_100),
      );
    }
  });

  it("gives the samples themselves where the rates are equal", async () => {
    const { samples } = tone(0.1);
    expect(await resample(samples, 16_000, 16_000)).toBe(samples);
  });

  it("refuses rates that are none", async () => {
    const samples = new Float32Array(10);
    for (const [from, to] of [
      [0, 16_000],
      [16_000, 0],
      [16_000.5, 8000],
      [383_999, 16_000],
      [Number.NaN, 1],
    ]) {
      await expect(resample(samples, from, to)).rejects.toThrow(AudioError);
    }
  });
});
