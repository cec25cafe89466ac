import { describe, expect, it } from "vitest";
import { randomStream } from "../../core/random.js";
import { cutmix, drawBeta, mixup } from "./mixing.js";

const shape = { channels: 3, height: 8, width: 10 };
const size = 240;
/** Image i is even in color i / 8 and of class i; the last has no class. */
const labels = Int32Array.of(0, 1, 2, 3, 4, 5, -1);
const images = Float32Array.from({ length: 7 * size }, (_, i) => Math.floor(i / size) / 8);
const batch = { images, labels };

function meanOf(found: Float32Array, row: number): number {
  return found.subarray(row * size, (row + 1) * size).reduce((sum, value) => sum + value, 0) / size;
}

/** The mean color of an image as its targets say; what they lack is of the image without a class. */
function saidBy(targets: Float32Array, row: number): number {
  const shares = targets.subarray(row * 6, (row + 1) * 6);
  const none = 1 - shares.reduce((sum, share) => sum + share, 0);
  return shares.reduce((sum, share, label) => sum + (share * label) / 8, (none * 6) / 8);
}

describe.each([
  ["mixup", (step: number) => mixup(batch, 1, 6, randomStream(1, "mixing", step))],
  ["cutmix", (step: number) => cutmix(batch, shape, 1, 6, randomStream(1, "mixing", step))],
])("%s", (_, mixed) => {
  it("says what share of each class is in an image", () => {
    let blended = 0;
    for (let step = 0; step < 50; step++) {
      const { images: found, targets } = mixed(step);
      for (let row = 0; row < labels.length; row++) {
        // Sums of 240 float32 numbers of at most 1.
        expect(Math.abs(meanOf(found, row) - saidBy(targets!, row))).toBeLessThan(1e-5);
        if (targets!.subarray(row * 6, row * 6 + 6).filter((share) => share > 0).length === 2) blended++;
      }
    }
    expect(blended).toBeGreaterThan(100);
  });

  it("keeps labels and what it was given", () => {
    const before = images.slice();
    expect(mixed(3).labels).toEqual(labels);
    expect(images).toEqual(before);
    expect(mixed(3)).toEqual(mixed(3));
    expect(mixed(3)).not.toEqual(mixed(4));
  });
});

it("mixup blends every pixel alike, cutmix takes a box as it is", () => {
  const blended = mixup(batch, 1, 6, randomStream(1, "mixing", 0)).images;
  for (let row = 0; row < 7; row++) {
    expect(new Set(blended.subarray(row * size, (row + 1) * size)).size).toBe(1);
  }
  const cut = cutmix(batch, shape, 1, 6, randomStream(1, "mixing", 0)).images;
  expect(new Set(cut)).toEqual(new Set(images));
});

it.each([0.2, 1, 4])("Beta(%f) has its mean and variance", (alpha) => {
  const random = randomStream(5, "beta");
  const draws = Array.from({ length: 20_000 }, () => drawBeta(alpha, random));
  const mean = draws.reduce((sum, draw) => sum + draw, 0) / draws.length;
  const variance = draws.reduce((sum, draw) => sum + (draw - mean) ** 2, 0) / draws.length;
  // Deviations are at most 0.003 and 0.001.
  expect(Math.abs(mean - 0.5)).toBeLessThan(0.015);
  expect(Math.abs(variance - 1 / (4 * (2 * alpha + 1)))).toBeLessThan(0.005);
});

it("Beta of a tiny alpha is one of both ends", () => {
  const random = randomStream(6, "beta");
  const draws = Array.from({ length: 100 }, () => drawBeta(1e-4, random));
  expect(draws.every((draw) => draw < 1e-6 || draw > 1 - 1e-6)).toBe(true);
  expect(new Set(draws.map(Math.round)).size).toBe(2);
});
