import { describe, expect, it } from "vitest";
import { fillUniform, randomStream } from "../../core/random.js";
import { AudioFeatureError } from "./errors.js";
import { Stft } from "./stft.js";

const sizes = { windowLength: 256, hop: 64, fftSize: 256 };

function noise(length: number): Float32Array {
  const samples = new Float32Array(length);
  fillUniform(samples, randomStream(1, "noise", length), -1, 1);
  return samples;
}

describe("a short-time Fourier transform", () => {
  it.each([
    [sizes, 1000],
    [sizes, 1024],
    [sizes, 129],
    [{ windowLength: 240, hop: 50, fftSize: 512 }, 1333],
    [{ windowLength: 128, hop: 64, fftSize: 128 }, 640],
  ])("is undone by its inverse: %j, %i samples", (settings, length) => {
    const samples = noise(length);
    const stft = new Stft(settings);
    const { data, frames, bins } = stft.forward(samples);
    expect([frames, bins]).toEqual([stft.framesOf(length), settings.fftSize / 2 + 1]);
    expect(data).toHaveLength(frames * 2 * bins);
    const again = stft.inverse(data, length);
    expect(again).toHaveLength(length);
    // Float32 spectra of sums of 256 numbers.
    for (const [i, value] of again.entries()) expect(Math.abs(value - samples[i])).toBeLessThan(1e-5);
  });

  it("is that of the definition", () => {
    const samples = noise(700);
    const { data, bins } = new Stft(sizes).forward(samples);
    const [frame, bin] = [5, 9];
    let [real, imaginary] = [0, 0];
    for (let i = 0; i < 256; i++) {
      const value = samples[frame * 64 - 128 + i] * (0.5 - 0.5 * Math.cos((2 * Math.PI * i) / 256));
      real += value * Math.cos((2 * Math.PI * i * bin) / 256);
      imaginary -= value * Math.sin((2 * Math.PI * i * bin) / 256);
    }
    const row = data.subarray(frame * 2 * bins, (frame + 1) * 2 * bins);
    // Float32 of numbers up to 20.
    expect(Math.abs(row[bin] - real)).toBeLessThan(1e-5);
    expect(Math.abs(row[bins + bin] - imaginary)).toBeLessThan(1e-5);
  });

  it("that no sound has is made into the nearest: half of it where half the windows are empty", () => {
    const samples = noise(2048);
    const stft = new Stft({ windowLength: 128, hop: 64, fftSize: 128 });
    const { data, bins } = stft.forward(samples);
    const second = new Float32Array(data.length);
    for (let i = 0; i < data.length; i++) second[i] = Math.floor(i / (2 * bins)) % 2 === 0 ? data[i] : 0;
    const found = stft.inverse(second, 2048);
    // Where sample 32 past a kept middle lies under two windows of equal height, one of them empty.
    expect(Math.abs(found[1024 + 32] - samples[1024 + 32] / 2)).toBeLessThan(1e-5);
    expect(Math.abs(found[1024] - samples[1024])).toBeLessThan(1e-5);
  });

  it("of sizes that cannot be undone is refused, and of sound shorter than half a window", () => {
    for (const settings of [
      { ...sizes, fftSize: 400 },
      { ...sizes, hop: 129 },
      { ...sizes, windowLength: 512 },
    ]) {
      expect(() => new Stft(settings)).toThrow(AudioFeatureError);
    }
    expect(() => new Stft(sizes).forward(noise(128))).toThrow("128 samples, windows of 256");
  });
});
