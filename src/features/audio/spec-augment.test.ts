import { describe, expect, it } from "vitest";
import { randomStream } from "../../core/random.js";
import type { Frames } from "./mel-spectrogram.js";
import { specAugment } from "./spec-augment.js";

const ones = (frames: number, bands: number): Frames => ({
  data: new Float32Array(frames * bands).fill(1),
  frames,
  bands,
});

const masked = (frames: Frames, step: number) => specAugment(frames, randomStream(1, "mask", step));

/** The bands, or the rows, that are 0 throughout. */
function gone({ data, frames, bands }: Frames, axis: "bands" | "rows"): number[] {
  const [length, index] =
    axis === "bands" ? [bands, (i: number) => i % bands] : [frames, (i: number) => Math.floor(i / bands)];
  const alive = new Set([...data.keys()].filter((i) => data[i] !== 0).map(index));
  return [...Array(length).keys()].filter((i) => !alive.has(i));
}

const stretches = (places: number[]) => places.filter((at, i) => at !== places[i - 1] + 1).length;

describe("SpecAugment", () => {
  it("is a function of frames and stream, and leaves the frames as they were", () => {
    const frames = ones(20, 80);
    expect(masked(frames, 4)).toEqual(masked(frames, 4));
    expect(masked(frames, 4)).not.toEqual(masked(frames, 5));
    expect(frames).toEqual(ones(20, 80));
  });

  it("masks up to two stretches of bands and of time, and nothing else", () => {
    let [mostBands, mostRows] = [0, 0];
    for (let step = 0; step < 200; step++) {
      const found = masked(ones(50, 80), step);
      const [bands, rows] = [gone(found, "bands"), gone(found, "rows")];
      expect(stretches(bands)).toBeLessThanOrEqual(2);
      expect(stretches(rows)).toBeLessThanOrEqual(2);
      const left = found.data.filter((value) => value === 1).length;
      expect(left).toBe((80 - bands.length) * (50 - rows.length));
      [mostBands, mostRows] = [Math.max(mostBands, bands.length), Math.max(mostRows, rows.length)];
    }
    // At most 2 * 27 bands and a fifth of the time; 200 draws come near both.
    expect(mostBands).toBeLessThanOrEqual(54);
    expect(mostBands).toBeGreaterThan(40);
    expect(mostRows).toBeLessThanOrEqual(10);
    expect(mostRows).toBeGreaterThan(7);
  });

  it("masks each band about as often, but for the ends", () => {
    const counts = new Float64Array(80);
    for (let step = 0; step < 400; step++) {
      for (const band of gone(masked(ones(10, 80), step), "bands")) counts[band]++;
    }
    // Two masks of 13.5 bands in the mean: about a third of 400, with deviations of 9.
    expect(Math.min(...counts.subarray(25, 55))).toBeGreaterThan(90);
    expect(counts.reduce((sum, count) => sum + count, 0) / (400 * 80)).toBeGreaterThan(0.25);
    expect(counts.reduce((sum, count) => sum + count, 0) / (400 * 80)).toBeLessThan(0.36);
  });

  it("masks at most 40 frames twice of a long utterance, and none of four", () => {
    const rows = [...Array(50).keys()].map((step) => gone(masked(ones(2000, 4), step), "rows").length);
    expect(Math.max(...rows)).toBeLessThanOrEqual(80);
    expect(Math.max(...rows)).toBeGreaterThan(55);
    expect(gone(masked(ones(4, 80), 1), "rows")).toEqual([]);
  });
});
