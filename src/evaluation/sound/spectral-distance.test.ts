import { describe, expect, it } from "vitest";
import { randomStream } from "../../core/random.js";
import { spectralDistance } from "./spectral-distance.js";

function noise(seed: number): Float32Array {
  const random = randomStream(seed, "noise");
  return Float32Array.from({ length: 4000 }, () => 0.2 * random.normal());
}

describe("the distance of two sounds", () => {
  it("of one sound is nothing", () => {
    expect(spectralDistance(noise(1), noise(1))).toEqual({ convergence: 0, logMagnitude: 0, distance: 0 });
  });

  it("of a sound half as loud: half the magnitudes, the logarithm of 2", () => {
    const half = noise(1).map((value) => value / 2);
    const { convergence, logMagnitude, distance } = spectralDistance(half, noise(1));
    expect(convergence).toBeCloseTo(0.5, 5);
    expect(logMagnitude).toBeCloseTo(Math.LN2, 4);
    expect(distance).toBe(convergence + logMagnitude);
  });

  it("does not hear the sign, but another noise", () => {
    expect(
      spectralDistance(
        noise(1).map((value) => -value),
        noise(1),
      ).distance,
    ).toBeLessThan(1e-6);
    // Magnitudes of independent noises: logarithms differ by ln 2 in the mean, half the mean difference of two logistic ones.
    expect(Math.abs(spectralDistance(noise(2), noise(1)).logMagnitude - Math.LN2)).toBeLessThan(0.05);
  });

  it("of silence is finite in the logarithms", () => {
    const { logMagnitude } = spectralDistance(new Float32Array(4000), noise(1));
    expect(Number.isFinite(logMagnitude)).toBe(true);
  });

  it("needs more than half a window", () => {
    expect(() => spectralDistance(noise(1).subarray(0, 600), noise(1).subarray(0, 600))).toThrow(
      "600 samples",
    );
  });
});
