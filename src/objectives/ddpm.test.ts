import { describe, expect, it } from "vitest";
import { ramp } from "../../test/evaluate.js";
import { randomStream } from "../core/random.js";
import { ddpm, diffusionPath, signalLevels } from "./ddpm.js";

describe.each(["linear", "cosine"] as const)("the %s schedule", (schedule) => {
  it.each([50, 1000, 4000])("falls from one to nearly nothing in %i steps", (steps) => {
    const signals = signalLevels({ steps, schedule });
    expect(signals).toHaveLength(steps + 1);
    expect(signals[0]).toBe(1);
    expect(signals[steps]).toBeLessThan(1e-4);
    expect(signals[steps]).toBeGreaterThan(0);
    for (let n = 1; n <= steps; n++) expect(signals[n]).toBeLessThan(signals[n - 1]);
  });

  it("recovers a Gaussian from the exact noise in it", () => {
    const [mean, std, steps] = [0.2, 0.1, 400];
    const path = diffusionPath({ schedule });
    const signals = signalLevels({ schedule });
    // E[noise | x] where x is normal with mean sqrt(a) m and variance a s^2 + 1 - a.
    const noise = (x: Float32Array, time: number) => {
      const a = signals[Math.round(1000 * (1 - time))];
      const variance = a * std ** 2 + 1 - a;
      return x.map((value) => (Math.sqrt(1 - a) * (value - Math.sqrt(a) * mean)) / variance);
    };
    const start = Float32Array.from(ramp(9, 0.4), (value) => value - 2);
    let x: Float32Array = start;
    const time = (k: number) => Math.round((k / steps) * 1000) / 1000;
    for (let k = 0; k < steps; k++) x = path.step(x, noise(x, time(k)), time(k), time(k + 1));
    // Each number keeps its distance from the mean in deviations, but for the steps' size.
    x.forEach((value, i) => {
      expect(Math.abs(value - (mean + std * start[i]))).toBeLessThan(0.01);
    });
  });
});

describe("the diffusion path", () => {
  const path = diffusionPath({ schedule: "linear" });

  it("ends in the data, and keeps its noise on the way", () => {
    const [data, noise] = [Float32Array.of(0.5, -0.25), Float32Array.of(1.5, -2)];
    expect(path.noisyAt(data, noise, 1)).toEqual(data);
    const moved = path.step(path.noisyAt(data, noise, 0.3), noise, 0.3, 0.7);
    path.noisyAt(data, noise, 0.7).forEach((value, i) => {
      expect(moved[i]).toBeCloseTo(value, 5); // float32, divided by the root of the signal at 0.3
    });
  });

  it("keeps the data that a wrong noise means within images' values", () => {
    expect([...path.step(Float32Array.of(2, -2), Float32Array.of(-1, 1), 0, 1)]).toEqual([1, -1]);
  });
});

it("draws every step, with its time and shares, and noise", () => {
  const objective = ddpm({ steps: 4, schedule: "cosine", classDropout: 0, numClasses: 2 });
  const shape = { batchSize: 400, channels: 1, height: 1, width: 1 };
  const data = { images: new Float32Array(400), labels: new Int32Array(400) };
  const batch = objective.complete(data, shape, randomStream(1, "noise"));
  expect([...new Set(batch.times)].sort()).toEqual([0, 0.25, 0.5, 0.75]);
  const signals = signalLevels({ steps: 4, schedule: "cosine" });
  batch.times.forEach((time, i) => {
    expect(batch.dataShares[i]).toBeCloseTo(Math.sqrt(signals[4 - 4 * time]), 6);
    expect(batch.dataShares[i] ** 2 + batch.noiseShares[i] ** 2).toBeCloseTo(1, 6);
  });
  expect(objective.count(batch)).toBe(400);
});
