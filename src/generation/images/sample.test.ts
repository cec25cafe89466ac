import { describe, expect, it } from "vitest";
import { randomStream } from "../../core/random.js";
import { diffusionPath, signalLevels } from "../../objectives/ddpm.js";
import { linearPath } from "../../objectives/flow-matching.js";
import { GenerationError } from "../errors.js";
import type { Field } from "./denoiser-session.js";
import { type SampleOptions, sampleImages } from "./sample.js";

/** Data of class k are normal with mean `means[k]` and deviation `std`; the last mean is that of no class. */
const means = [1.5, -2, 0.25];
const std = 0.5;

/** The velocity E[data - noise | x] of that distribution, which only the exact model has. */
function gaussian(log: number[] = []): Field {
  const model = { channels: 1, height: 2, width: 3, numClasses: 2 };
  return {
    model,
    async predict(x, times, labels) {
      log.push(times.length);
      const size = x.length / times.length;
      return x.map((value, i) => {
        const t = times[Math.floor(i / size)];
        const mean = means[labels[Math.floor(i / size)]];
        const slope = (t * std ** 2 - (1 - t)) / (t ** 2 * std ** 2 + (1 - t) ** 2);
        return mean + slope * (value - t * mean);
      });
    },
  };
}

const base = { path: linearPath, count: 3, steps: 8, solver: "heun" } satisfies SampleOptions;

/** The noise that image `i` begins with, as the flow of a Gaussian moves it: mean + std noise. */
function exact(i: number, mean: number, seed = 0): number[] {
  const stream = randomStream(seed, "sample", i);
  return Array.from({ length: 6 }, () => mean + std * Math.fround(stream.normal()));
}

/** Where the flow takes `x` of time `t`: as many deviations from the mean at time 1 as it lies at time t. */
const flow = (x: number, t: number, mean: number) =>
  mean + (std * (x - t * mean)) / Math.hypot(t * std, 1 - t);

const largest = (a: ArrayLike<number>, b: ArrayLike<number>) =>
  Math.max(...Array.from(a, (v, i) => Math.abs(v - b[i])));

describe("drawing from the exact velocity field of a Gaussian", () => {
  it.each([
    ["euler", 0.1],
    ["heun", 2e-3],
    ["midpoint", 2e-3],
  ] as const)("%s takes 40 steps to within %f of where the flow goes", async (solver, tolerance) => {
    const images = await sampleImages(gaussian(), { ...base, steps: 40, solver, labels: [0, 0, 1] });
    const expected = [...exact(0, 1.5), ...exact(1, 1.5), ...exact(2, -2)];
    expect(largest(images, expected)).toBeLessThan(tolerance);
  });

  it.each(["euler", "heun", "midpoint"] as const)("%s recovers mean and deviation", async (solver) => {
    const images = await sampleImages(gaussian(), { ...base, count: 2000, steps: 50, solver });
    const mean = images.reduce((a, b) => a + b) / images.length;
    const variance = images.reduce((a, b) => a + (b - mean) ** 2, 0) / images.length;
    // Standard errors over 12000 numbers are 0.005 and 0.003; Euler's own error is as large as 0.02.
    expect(Math.abs(mean - means[2])).toBeLessThan(0.02);
    expect(Math.abs(Math.sqrt(variance) - std)).toBeLessThan(0.03);
  });

  it("gives each image its class", async () => {
    const images = await sampleImages(gaussian(), { ...base, steps: 100, labels: [1, "none"] });
    const expected = [...exact(0, -2), ...exact(1, 0.25), ...exact(2, 0.25)];
    expect(largest(images, expected)).toBeLessThan(2e-3); // Heun's error at 100 steps
  });
});

describe("the noise of an image", () => {
  const labels = [0, 1, "none", 1, 0] as const;

  it("does not depend on how many are drawn at once, or beside it", async () => {
    const options = { ...base, labels, guidance: 2, seed: 5 };
    const whole = await sampleImages(gaussian(), { ...options, count: 5 });
    const [log, inTwos]: [number[], Float32Array[]] = [[], []];
    inTwos.push(await sampleImages(gaussian(log), { ...options, count: 5, batchSize: 2 }));
    expect(inTwos[0]).toEqual(whole);
    expect(log.slice(0, 2)).toEqual([4, 4]);
    expect(await sampleImages(gaussian(), { ...options, count: 3 })).toEqual(whole.slice(0, 18));
  });

  it("is another with another seed", async () => {
    const one = await sampleImages(gaussian(), { ...base, seed: 1 });
    expect(largest(one, await sampleImages(gaussian(), { ...base, seed: 2 }))).toBeGreaterThan(0.5);
  });
});

describe("guidance", () => {
  it("of 1 is the field of the class, evaluated once", async () => {
    const log: number[] = [];
    const guided = await sampleImages(gaussian(log), { ...base, labels: [0, 0, 0], guidance: 1 });
    expect(guided).toEqual(await sampleImages(gaussian(), { ...base, labels: [0, 0, 0] }));
    expect(log.every((rows) => rows === 3)).toBe(true);
  });

  it("evaluates images without a class once, and does not change them", async () => {
    const log: number[] = [];
    const guided = await sampleImages(gaussian(log), { ...base, labels: [0, "none", 1], guidance: 3 });
    expect(log.every((rows) => rows === 5)).toBe(true);
    const plain = await sampleImages(gaussian(), base);
    expect(guided.slice(6, 12)).toEqual(plain.slice(6, 12));
  });

  it("pulls in its interval alone, ends included; elsewhere the field is evaluated once", async () => {
    const log: number[] = [];
    const options = { ...base, solver: "euler", steps: 4, labels: [0, 1, 1] } as const;
    const times = { guidance: 3, guidanceFrom: 0.25, guidanceUntil: 0.5 };
    const images = await sampleImages(gaussian(log), { ...options, ...times });
    expect(log).toEqual([3, 6, 6, 3]);
    expect(images).not.toEqual(await sampleImages(gaussian(), { ...options, guidance: 3 }));
    expect(images).not.toEqual(await sampleImages(gaussian(), options));
  });

  it("goes as much further from the field without a class", async () => {
    // One Euler step from the noise: x + v(x, 0), and v there is mean - x.
    const once = { ...base, solver: "euler", steps: 1, labels: [0, 1, "none"], guidance: 3 } as const;
    const images = await sampleImages(gaussian(), once);
    const expected = [0.25 + 3 * (1.5 - 0.25), 0.25 + 3 * (-2 - 0.25), 0.25];
    expect(largest([images[0], images[6], images[12]], expected)).toBeLessThan(1e-5); // float32
  });
});

describe("in-painting", () => {
  const picture = Float32Array.from({ length: 6 }, (_, i) => i / 3 - 1);
  const mask = Uint8Array.from([1, 0, 1, 0, 0, 1]);

  it.each(["euler", "heun", "midpoint"] as const)("keeps the known pixels exactly: %s", async (solver) => {
    const times: number[] = [];
    const images = await sampleImages(gaussian(), {
      ...base,
      solver,
      keep: { images: picture, mask },
      onStep(x, t, first) {
        times.push(t);
        const noise = noiseOf(first);
        const known = linearPath.noisyAt(picture, noise, t);
        mask.forEach((keeps, i) => {
          if (keeps) expect(x[i]).toBeCloseTo(known[i], 6);
        });
      },
    });
    expect(times).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8].map((step) => step / 8));
    const free = await sampleImages(gaussian(), { ...base, solver });
    for (let i = 0; i < images.length; i++) expect(images[i]).toBe(mask[i % 6] ? picture[i % 6] : free[i]);
  });

  function noiseOf(image: number): Float32Array {
    const stream = randomStream(0, "sample", image);
    return Float32Array.from({ length: 6 }, () => stream.normal());
  }
});

describe("image to image", () => {
  const pictures = Float32Array.from({ length: 18 }, (_, i) => Math.sin(i));

  it("is the picture at time 1 and new at time 0", async () => {
    const same = await sampleImages(gaussian(), { ...base, from: { images: pictures, t: 1 } });
    expect(same).toEqual(pictures);
    const fresh = await sampleImages(gaussian(), { ...base, from: { images: pictures, t: 0 } });
    expect(fresh).toEqual(await sampleImages(gaussian(), base));
  });

  it("follows the flow from its time on", async () => {
    const from = { images: pictures, t: 0.5 };
    const images = await sampleImages(gaussian(), { ...base, steps: 200, batchSize: 2, from });
    const stream = randomStream(0, "sample", 2);
    const noisy = Array.from(pictures.slice(12), (d) => 0.5 * d + 0.5 * stream.normal());
    const expected = noisy.map((x) => flow(x, 0.5, means[2]));
    expect(largest(images.slice(12), expected)).toBeLessThan(1e-3); // Heun's error at 200 steps
  });
});

describe.each(["linear", "cosine"] as const)("drawing from the exact noise of a Gaussian: %s", (schedule) => {
  const signals = signalLevels({ schedule });
  const [mean, deviation] = [0.1, 0.15]; // the data lie within -1 to 1, where the path keeps them
  /** The noise E[noise | x] in x = sqrt(a) data + sqrt(1 - a) noise. */
  const noisePredictor: Field = {
    ...gaussian(),
    async predict(x, times) {
      const size = x.length / times.length;
      return x.map((value, i) => {
        const a = signals[Math.round((1 - times[Math.floor(i / size)]) * 1000)];
        return (Math.sqrt(1 - a) * (value - Math.sqrt(a) * mean)) / (a * deviation ** 2 + 1 - a);
      });
    },
  };

  it.each([
    ["euler", 0.02],
    ["heun", 0.004],
  ] as const)("%s recovers each image to within %f", async (solver, tolerance) => {
    const path = diffusionPath({ schedule });
    const images = await sampleImages(noisePredictor, { ...base, path, solver, steps: 200 });
    const expected = [0, 1, 2].flatMap((i) => exact(i, 0).map((v) => mean + (deviation * v) / std));
    expect(largest(images, expected)).toBeLessThan(tolerance);
  });
});

it.each([
  [{ count: 0 }, /count/],
  [{ steps: 1.5 }, /steps/],
  [{ batchSize: 0 }, /batchSize/],
  [{ guidance: Number.NaN }, /guidance/],
  [{ guidanceFrom: 0.6, guidanceUntil: 0.5 }, /from 0.6 until 0.5/],
  [{ guidanceFrom: Number.NaN }, /no time in which it pulls/],
  [{ guidanceUntil: 1.5 }, /from 0 until 1.5/],
  [{ labels: [2] }, /class 2; it knows 0 to 1/],
  [{ labels: [-1] }, /class -1/],
  [{ from: { images: new Float32Array(6), t: 1.1 } }, /outside time/],
  [{ from: { images: new Float32Array(7), t: 0 } }, /7 values for \[1, 2, 3\]/],
  [{ keep: { images: new Float32Array(12), mask: new Uint8Array(6) } }, /12 values/],
  [{ keep: { images: new Float32Array(6), mask: new Uint8Array(5) } }, /5 pixels for 2 x 3/],
])("refuses %o", async (wrong, message) => {
  const drawing = sampleImages(gaussian(), { ...base, ...wrong });
  await expect(drawing).rejects.toThrow(GenerationError);
  await expect(drawing).rejects.toThrow(message);
});
