/** Precision and recall of generated images (Kynkaanniemi et al. 2019). */
import type { Runtime } from "../../core/runtime/session.js";
import { checkComparable, type Features } from "./features.js";
import { nearestNeighbours } from "./neighbours.js";
import { squaredDistances } from "./products.js";

/**
 * Precision, the share of generated images that lie among the real ones, and recall, the share of real images that
 * lie among the generated ones. A set's region is a ball around each image that reaches to its `k`-th nearest other;
 * the paper's k is 3, and it takes 50,000 images of each. Throws `EvaluationError` as `nearestNeighbours` does.
 */
export async function precisionRecall(
  runtime: Runtime,
  { real, generated, k = 3 }: { readonly real: Features; readonly generated: Features; readonly k?: number },
): Promise<{ readonly precision: number; readonly recall: number }> {
  checkComparable(real, generated, k + 1);
  return {
    precision: await shareInside(runtime, generated, real, k),
    recall: await shareInside(runtime, real, generated, k),
  };
}

/** The share of `queries` that lie in the region of `set`. */
async function shareInside(runtime: Runtime, queries: Features, set: Features, k: number): Promise<number> {
  const { squaredDistances: nearest } = await nearestNeighbours(runtime, set, set, k, { skipSelf: true });
  const radii = Float64Array.from({ length: set.n }, (_, i) => nearest[(i + 1) * k - 1]);
  const inside = new Uint8Array(queries.n);
  await squaredDistances(runtime, queries, set, (block, { first, rows, other, others }) => {
    for (let i = 0; i < rows; i++) {
      for (let j = 0; j < others; j++) {
        if (block[i * others + j] <= radii[other + j]) inside[first + i] = 1;
      }
    }
  });
  return inside.reduce((sum, v) => sum + v, 0) / queries.n;
}
