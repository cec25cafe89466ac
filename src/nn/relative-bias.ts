import { constant, type Tensor } from "../core/graph/tensor.js";
import { add, maximum, minimum, sub } from "../core/ops/elementwise.js";
import { gather } from "../core/ops/gather.js";
import { reshape, transpose } from "../core/ops/movement.js";

/** Into which buckets distances between tokens fall. */
export interface RelativeBuckets {
  /** How many there are. */
  readonly count: number;
  /** From here on all distances share the last bucket. */
  readonly maxDistance: number;
  /** Whether keys behind the query have buckets of their own, half of all; otherwise they count as distance 0. */
  readonly bidirectional: boolean;
}

/**
 * A learned number for each head and distance, `table` [buckets, h], to be added to attention's scores: [..., h, t, s]
 * for int64 positions of queries [..., t] and keys [..., s]. [Raffel et al. 2020, section 2.1]
 */
export function relativeBias(table: Tensor, queries: Tensor, keys: Tensor, buckets: RelativeBuckets): Tensor {
  const { maxDistance } = buckets;
  const [axes, time, keyTime] = [queries.shape.slice(0, -1), queries.shape.at(-1)!, keys.shape.at(-1)!];
  const ahead = sub(reshape(keys, [...axes, 1, keyTime]), reshape(queries, [...axes, time, 1]));
  const place = add(maximum(minimum(ahead, maxDistance), -maxDistance), maxDistance);
  const numbers = Array.from({ length: 2 * maxDistance + 1 }, (_, i) => bucketOf(i - maxDistance, buckets));
  const bias = gather(table, gather(constant(numbers, [numbers.length], "int64"), place)); // ... t s h
  const rank = axes.length;
  return transpose(bias, [...axes.keys(), rank + 2, rank, rank + 1]);
}

/** With a score lower by so much a key is as good as hidden, and can still be learned. */
const hidden = -8;

/**
 * A table [buckets, h] to start from, with which word order is seen from the first step: scores fall with the distance,
 * from head to head more slowly (ALiBi, Press et al. 2022), and heads look behind and ahead by turns. How much attention
 * is left for the first and the last token tells where a token stands.
 */
export function nearBiases(numHeads: number, buckets: RelativeBuckets): Float32Array {
  const { count, maxDistance, bidirectional } = buckets;
  const directions = bidirectional ? 2 : 1;
  const table = new Float32Array(count * numHeads).fill(hidden);
  for (let head = 0; head < numHeads; head++) {
    const slope = 2 ** ((-6 * directions * Math.floor(head / directions)) / numHeads);
    const sign = head % directions === 0 ? -1 : 1;
    for (let distance = 0; distance <= maxDistance; distance++) {
      const cell = bucketOf(sign * distance, buckets) * numHeads + head;
      table[cell] = Math.max(table[cell], -slope * distance);
    }
  }
  return table;
}

/**
 * The bucket of a key that comes `ahead` tokens after its query, or before it where negative: one a distance for the near
 * half, then wider and wider ones. In float32 as in T5's code, so that edges fall where they fall there.
 */
export function bucketOf(ahead: number, { count, maxDistance, bidirectional }: RelativeBuckets): number {
  const size = bidirectional ? Math.floor(count / 2) : count;
  const first = bidirectional && ahead > 0 ? size : 0;
  const distance = bidirectional ? Math.abs(ahead) : Math.max(0, -ahead);
  const exact = Math.floor(size / 2);
  if (distance < exact) return first + distance;
  const { fround } = Math;
  const octaves = fround(fround(Math.log(fround(distance / exact))) / fround(Math.log(maxDistance / exact)));
  return first + Math.min(size - 1, exact + Math.floor(fround(octaves * (size - exact))));
}
