import { describe, expect, it } from "vitest";
import { tone } from "../../../test/sounds.js";
import { randomStream } from "../../core/random.js";
import { AudioError, joined } from "./audio.js";
import { Resampler, resample } from "./resample.js";

/** Samples at both ends that the beginning and the end of the sound reach; seconds. */
const EDGE = 0.02;

/** The largest difference apart from both ends, where the filter meets silence. */
function difference(a: Float32Array, b: Float32Array, edge: number): number {
  return a.reduce(
    (most, value, i) => (i < edge || i >= a.length - edge ? most : Math.max(most, Math.abs(value - b[i]))),
    0,
  );
}

const decibels = (share: number) => 20 * Math.log10(share);

/** A tone of 0.25 s brought to another rate, against the same tone made there: decibels below its loudness. */
function errorOf(hertz: number, from: number, to: number): number {
  const made = resample(tone(0.25, hertz, from).samples, from, to);
  return decibels(difference(made, tone(0.26, hertz, to).samples, EDGE * to) / 0.5);
}

const rates = [
  [44_100, 16_000],
  [48_000, 16_000],
  [22_050, 16_000],
  [8000, 16_000],
  [16_000, 8000],
  [11_025, 16_000],
  [96_000, 16_000],
  [384_000, 16_000],
  // Of these no two filters of a second are the same.
  [44_101, 16_000],
  [4001, 16_000],
  [383_999, 16_000],
];

describe("of a tone", () => {
  it.each(rates)("what lies below 0.9 of half the lower rate stays as it is: %i to %i", (from, to) => {
    for (const share of [0.02, 0.37, 0.9]) {
      // A hundredth of a decibel would be -59; float32 alone leaves -140.
      expect(errorOf((share * Math.min(from, to)) / 2, from, to)).toBeLessThan(-100);
    }
  });

  it.each(rates.filter(([from, to]) => from > to))("aliases are gone: %i to %i", (from, to) => {
    for (const share of [0.01, 0.1, 0.6]) {
      const hertz = (to / 2) * (1 - share) + (from / 2) * share;
      const { samples } = tone(0.25, hertz, from);
      const made = resample(samples, from, to);
      const left = difference(made, new Float32Array(made.length), EDGE * to);
      expect(decibels(left / 0.5)).toBeLessThan(-100);
    }
  });
});

it("a sweep keeps its phase all the way, piece after piece", () => {
  const sweep = (seconds: number, rate: number) =>
    Float32Array.from({ length: seconds * rate }, (_, i) => Math.sin(Math.PI * 3400 * (i / rate) ** 2));
  const random = randomStream(5, "pieces");
  for (const [from, to] of [
    [44_100, 16_000],
    [44_101, 16_000],
  ]) {
    const samples = sweep(2, from); // to 6.8 kHz
    const resampler = new Resampler(from, to);
    const pieces: Float32Array[] = [];
    for (let at = 0; at < samples.length; ) {
      const length = random.integer(3) === 0 ? random.integer(9) : random.integer(40_000);
      pieces.push(resampler.push(samples.subarray(at, at + length)));
      at += length;
    }
    const made = joined([...pieces, resampler.end()]);
    expect(difference(made, resample(samples, from, to), 0)).toBe(0);
    expect(decibels(difference(made, sweep(2, to), EDGE * to))).toBeLessThan(-100);
  }
});

describe("resample", () => {
  it("gives as many samples as the time takes, of few as well", () => {
    for (const [from, to] of [
      [44_100, 16_000],
      [8000, 16_000],
      [384_000, 16_000],
    ]) {
      for (const length of [0, 1, 2, 99, 4410, 65_537]) {
        expect(resample(new Float32Array(length), from, to).length).toBe(Math.round((length * to) / from));
      }
    }
  });

  it("gives the samples themselves where the rates are equal", () => {
    const { samples } = tone(0.1);
    expect(resample(samples, 16_000, 16_000)).toBe(samples);
  });

  it("refuses rates that are none", () => {
    for (const [from, to] of [
      [0, 16_000],
      [16_000, 0],
      [16_000.5, 8000],
      [-8000, 16_000],
      [2 ** 20 + 1, 16_000],
      [Number.NaN, 1],
    ]) {
      expect(() => resample(new Float32Array(10), from, to)).toThrow(AudioError);
    }
  });
});
