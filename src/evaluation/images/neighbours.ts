/** Nearest neighbours among features or pixels. */
import type { Runtime } from "../../core/runtime/session.js";
import { checkComparable, type Features, rowOf } from "./features.js";
import { squaredDistances } from "./products.js";

/** For each row of a set [n, k], nearest first: which rows of the other are nearest, and their squared distances. */
export interface Neighbours {
  readonly k: number;
  readonly indices: Int32Array;
  readonly squaredDistances: Float64Array;
}

/**
 * The `k` rows of `among` nearest to each row of `queries`. For pixels, features are the images' values: neighbours of
 * samples among training images show whether a model repeats them. With `skipSelf` the sets are one, and a row
 * is no neighbour of itself. Throws `EvaluationError` for features of different kinds or too few rows.
 */
export async function nearestNeighbours(
  runtime: Runtime,
  queries: Features,
  among: Features,
  k: number,
  { skipSelf = false } = {},
): Promise<Neighbours> {
  checkComparable(queries, among, 1);
  checkComparable(among, among, skipSelf ? k + 1 : k);
  const indices = new Int32Array(queries.n * k).fill(-1);
  const distances = new Float64Array(queries.n * k).fill(Number.POSITIVE_INFINITY);
  await squaredDistances(runtime, queries, among, (block, { first, rows, other, others }) => {
    for (let i = 0; i < rows; i++) {
      const list = new SortedList(indices, distances, (first + i) * k, k);
      for (let j = 0; j < others; j++) {
        if (skipSelf && first + i === other + j) continue;
        list.offer(other + j, block[i * others + j]);
      }
    }
  });
  measureExactly(queries, among, indices, distances, k);
  return { k, indices, squaredDistances: distances };
}

/** The k smallest so far, as a part of larger arrays. */
class SortedList {
  private readonly last: number;

  constructor(
    private readonly indices: Int32Array,
    private readonly distances: Float64Array,
    private readonly start: number,
    k: number,
  ) {
    this.last = start + k - 1;
  }

  offer(index: number, distance: number): void {
    if (!(distance < this.distances[this.last])) return;
    let at = this.last;
    for (; at > this.start && this.distances[at - 1] > distance; at--) {
      this.distances[at] = this.distances[at - 1];
      this.indices[at] = this.indices[at - 1];
    }
    this.distances[at] = distance;
    this.indices[at] = index;
  }
}

/** Distances found as differences of products are rounded; the same image has to have none. */
function measureExactly(
  queries: Features,
  among: Features,
  indices: Int32Array,
  distances: Float64Array,
  k: number,
): void {
  for (let query = 0; query < queries.n; query++) {
    const list = new SortedList(indices, distances, query * k, k);
    const found = indices.slice(query * k, (query + 1) * k);
    distances.fill(Number.POSITIVE_INFINITY, query * k, (query + 1) * k);
    for (const index of found) list.offer(index, squaredDistance(rowOf(queries, query), rowOf(among, index)));
  }
}

function squaredDistance(a: Float32Array, b: Float32Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += (a[i] - b[i]) ** 2;
  return sum;
}
