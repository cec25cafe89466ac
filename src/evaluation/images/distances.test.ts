import { describe, expect, it } from "vitest";
import { randomStream } from "../../core/random.js";
import { nodeRuntime } from "../../core/runtime/node.js";
import { EvaluationError } from "../errors.js";
import type { Features } from "./features.js";
import { frechetDistance } from "./frechet.js";
import { kernelDistance } from "./kernel-distance.js";

function features(n: number, d: number, value: (i: number, j: number) => number, name = "pixels"): Features {
  const data = Float32Array.from({ length: n * d }, (_, at) => value(Math.floor(at / d), at % d));
  return { name, data, n, d };
}

function gaussian(n: number, seed: number, mean: number[], std: number[]): Features {
  const stream = randomStream(seed, "features");
  return features(n, mean.length, (_, j) => mean[j] + std[j] * stream.normal());
}

/** The features of test/parity/make_frechet_golden.py. */
const golden = (phase: number, scale: number) =>
  features(50, 6, (i, j) => scale * Math.sin(i * (j + 1) * 0.7 + phase * j) + 0.1 * phase * j);

/** Every combination of mean - std and mean + std: a set with exactly these moments, but for n - 1. */
const corners = (mean: number[], std: number[]) =>
  features(2 ** mean.length, mean.length, (i, j) => mean[j] + (i & (1 << j) ? std[j] : -std[j]));

describe("the Frechet distance", () => {
  it("of independent axes is |m1 - m2|^2 + |s1 - s2|^2", async () => {
    const [means, otherMeans, stds, otherStds] = [
      [0, 1, -2],
      [0.5, 1, 1],
      [1, 0.5, 2],
      [2, 0.5, 0],
    ];
    const distance = await frechetDistance(nodeRuntime, corners(means, stds), corners(otherMeans, otherStds));
    const unbiased = 8 / 7;
    expect(distance).toBeCloseTo(0.25 + 9 + unbiased * (1 + 4), 6); // float32 features
  });

  it("is that of numpy for axes that depend on each other", async () => {
    const distance = await frechetDistance(nodeRuntime, golden(1, 1), golden(2, 1.5));
    expect(distance).toBeCloseTo(1.69297263023579, 5); // the sines may differ in float32's last digit
  });

  it("of a set from itself is 0, also with fewer images than features", async () => {
    expect(await frechetDistance(nodeRuntime, golden(1, 1), golden(1, 1))).toBeLessThan(1e-6);
    const few = gaussian(5, 1, new Array(12).fill(0), new Array(12).fill(1));
    expect(await frechetDistance(nodeRuntime, few, few)).toBeLessThan(1e-5); // roots of rounded zeros
  });

  it("does not change when both sets turn", async () => {
    const [cos, sin] = [Math.cos(0.7), Math.sin(0.7)];
    const turned = ({ data, ...rest }: Features): Features => ({
      ...rest,
      data: data.map((v, i) => {
        if (i % 6 === 1) return cos * data[i] + sin * data[i + 2];
        return i % 6 === 3 ? cos * data[i] - sin * data[i - 2] : v;
      }),
    });
    const straight = await frechetDistance(nodeRuntime, golden(1, 1), golden(2, 1.5));
    const rotated = await frechetDistance(nodeRuntime, turned(golden(1, 1)), turned(golden(2, 1.5)));
    expect(rotated).toBeCloseTo(straight, 5); // float32 features
  });

  it("goes through sets larger than a block", async () => {
    const [a, b] = [gaussian(5000, 1, [0, 0], [1, 1]), gaussian(5000, 2, [3, 0], [1, 2])];
    const distance = await frechetDistance(nodeRuntime, a, b);
    expect(Math.abs(distance - 10)).toBeLessThan(0.3); // 5 standard errors of the mean's 9 and the deviation's 1
  });

  it.each([
    [{ ...golden(1, 1), name: "features of another" }, /different kinds/],
    [features(50, 5, () => 0), /different kinds/],
    [features(1, 6, () => 0), /50 and 1, of at least 2/],
  ])("refuses what cannot be compared", async (other, message) => {
    const measuring = frechetDistance(nodeRuntime, golden(1, 1), other);
    await expect(measuring).rejects.toThrow(EvaluationError);
    await expect(measuring).rejects.toThrow(message);
  });
});

describe("the kernel distance", () => {
  it("of all images is that of numpy", async () => {
    const { mean, std } = await kernelDistance(nodeRuntime, golden(1, 1), golden(2, 1.5), { subsets: 3 });
    expect(mean).toBeCloseTo(1.1694816364106577, 4); // float32 products, cubed
    expect(std).toBeLessThan(1e-5); // every subset is the whole
  });

  it("of one distribution is about 0 for any number of images, on either side", async () => {
    const [mean, std] = [new Array(8).fill(0.5), new Array(8).fill(1)];
    const [few, many] = [20, 400].map((size) =>
      kernelDistance(nodeRuntime, gaussian(4000, 1, mean, std), gaussian(4000, 2, mean, std), {
        subsetSize: size,
        subsets: 60,
      }),
    );
    for (const distance of [await few, await many]) {
      // Four standard errors of the mean over subsets; a biased estimate would lie far above.
      expect(Math.abs(distance.mean)).toBeLessThan((4 * distance.std) / Math.sqrt(60));
    }
  });

  it("repeats with a seed, and finds a shift", async () => {
    const near = gaussian(600, 1, [0, 0], [1, 1]);
    const far = gaussian(600, 2, [1, 0], [1, 1]);
    const options = { subsets: 10, subsetSize: 100, seed: 3 };
    const distance = await kernelDistance(nodeRuntime, near, far, options);
    expect(distance.mean).toBeGreaterThan(2 * distance.std);
    expect(await kernelDistance(nodeRuntime, near, far, options)).toEqual(distance);
    expect(await kernelDistance(nodeRuntime, near, far, { ...options, seed: 4 })).not.toEqual(distance);
  });
});
