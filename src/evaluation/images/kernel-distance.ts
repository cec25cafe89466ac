/** The kernel distance of two sets of features (Binkowski et al. 2018: KID with Inception's features). */
import { permuted } from "../../core/random.js";
import type { Runtime } from "../../core/runtime/session.js";
import { checkComparable, type Features, rowOf } from "./features.js";
import { type VisitProducts, withInnerProducts } from "./products.js";

export interface KernelDistanceOptions {
  /** How often a part of the images is drawn; default 100. */
  readonly subsets?: number;
  /** Images of each set in a part; default 1000, and at most all. */
  readonly subsetSize?: number;
  /** Default 0. */
  readonly seed?: number;
}

/**
 * Mean and standard deviation over subsets of the squared maximum mean discrepancy with the kernel (x.y / d + 1)^3.
 * Its expectation does not depend on the number of images, and is 0 for the same distribution. Throws
 * `EvaluationError` for features of different kinds or fewer than 2 images.
 */
export async function kernelDistance(
  runtime: Runtime,
  a: Features,
  b: Features,
  { subsets = 100, subsetSize = 1000, seed = 0 }: KernelDistanceOptions = {},
): Promise<{ readonly mean: number; readonly std: number }> {
  checkComparable(a, b, 2);
  const size = Math.min(subsetSize, a.n, b.n);
  const distances = await withInnerProducts(runtime, a.d, async (products) => {
    const found: number[] = [];
    for (let subset = 0; subset < subsets; subset++) {
      const x = drawRows(a, size, seed, subset, "first");
      const y = drawRows(b, size, seed, subset, "second");
      const within = (await kernelSum(products, x, x, true)) + (await kernelSum(products, y, y, true));
      const across = await kernelSum(products, x, y, false);
      found.push(within / (size * (size - 1)) - (2 * across) / size ** 2);
    }
    return found;
  });
  const mean = distances.reduce((sum, v) => sum + v, 0) / subsets;
  const variance = distances.reduce((sum, v) => sum + (v - mean) ** 2, 0) / subsets;
  return { mean, std: Math.sqrt(variance) };
}

/** Rows without repetition. */
function drawRows(features: Features, size: number, seed: number, subset: number, set: string): Features {
  const data = new Float32Array(size * features.d);
  for (let i = 0; i < size; i++) {
    const row = permuted(i, features.n, seed, `kernel distance ${set}`, subset);
    data.set(rowOf(features, row), i * features.d);
  }
  return { ...features, data, n: size };
}

/** The sum of the kernel over all pairs, without those of a row with itself where the sets are one. */
async function kernelSum(products: VisitProducts, a: Features, b: Features, same: boolean): Promise<number> {
  let sum = 0;
  await products(a, b, (block, { first, rows, other, others }) => {
    for (let i = 0; i < rows; i++) {
      for (let j = 0; j < others; j++) {
        if (same && first + i === other + j) continue;
        const linear = block[i * others + j] / a.d + 1;
        sum += linear * linear * linear;
      }
    }
  });
  return sum;
}
