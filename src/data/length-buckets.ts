/**
 * Batches of examples of like lengths: a few fixed shapes, so that little is filled up and each shape is compiled
 * once. A batch of short examples holds more of them, about as much in all as one of the longest.
 */
import { permuted } from "../core/random.js";

/** Examples that are batched together. */
export interface LengthBucket {
  /** Of its longest example; the others are filled up to it. */
  readonly length: number;
  readonly batchSize: number;
  /** Examples by their numbers. */
  readonly members: readonly number[];
}

/** A batch of a bucket: its examples by their numbers, of which the first `count` are to be counted. */
export interface BucketBatch {
  readonly bucket: LengthBucket;
  readonly members: readonly number[];
  readonly count: number;
}

/**
 * At most `buckets` buckets that share the sum of lengths about evenly. `batchSize` is that of the longest examples.
 */
export function lengthBuckets(
  lengths: readonly number[],
  { batchSize, buckets }: { readonly batchSize: number; readonly buckets: number },
): LengthBucket[] {
  const order = [...lengths.keys()].sort((a, b) => lengths[a] - lengths[b] || a - b);
  const whole = lengths.reduce((sum, length) => sum + length, 0);
  const parts: number[][] = [];
  let [sum, reached] = [0, -1];
  for (const example of order) {
    const part = Math.min(buckets - 1, Math.floor((sum / whole) * buckets));
    const last = parts.at(-1);
    const isOfLast = part === reached || lengths[last?.at(-1) ?? -1] === lengths[example];
    if (last && isOfLast) last.push(example);
    else {
      parts.push([example]);
      reached = part;
    }
    sum += lengths[example];
  }
  const longest = lengths[order.at(-1)!];
  return parts.map((members) => {
    const length = lengths[members.at(-1)!];
    return { length, batchSize: Math.floor((batchSize * longest) / length), members };
  });
}

/** How many batches it takes until every example was in one. */
export function batchesPerPass(buckets: readonly LengthBucket[]): number {
  return buckets.reduce((sum, bucket) => sum + batchesOf(bucket), 0);
}

const batchesOf = ({ members, batchSize }: LengthBucket) => Math.ceil(members.length / batchSize);

/**
 * Batch number `index` of training, a pure function of (seed, index): every pass goes through all buckets' batches in
 * an order of its own; a bucket's examples follow each other in passes of their own, each in another order.
 */
export function trainingBucket(buckets: readonly LengthBucket[], seed: number, index: number): BucketBatch {
  const perPass = batchesPerPass(buckets);
  const pass = Math.floor(index / perPass);
  let place = permuted(index % perPass, perPass, seed, "order of buckets", pass);
  const number = buckets.findIndex((bucket) => {
    if (place < batchesOf(bucket)) return true;
    place -= batchesOf(bucket);
    return false;
  });
  const bucket = buckets[number];
  const { members, batchSize } = bucket;
  const first = (pass * batchesOf(bucket) + place) * batchSize;
  const chosen = Array.from({ length: batchSize }, (_, i) => {
    const [round, at] = [Math.floor((first + i) / members.length), (first + i) % members.length];
    return members[permuted(at, members.length, seed, `order in bucket ${number}`, round)];
  });
  return { bucket, members: chosen, count: batchSize };
}

/**
 * Every example once, in batches of the buckets' sizes, the last of each filled up with its first; or `limit` of these
 * batches, chosen by the seed, the same each time.
 */
export function evaluationBuckets(
  buckets: readonly LengthBucket[],
  seed: number,
  limit = Number.POSITIVE_INFINITY,
): BucketBatch[] {
  const all = buckets.flatMap((bucket) =>
    Array.from({ length: batchesOf(bucket) }, (_, batch): BucketBatch => {
      const { members, batchSize } = bucket;
      const first = batch * batchSize;
      const count = Math.min(batchSize, members.length - first);
      const filled = Array.from({ length: batchSize }, (_, i) => members[(first + i) % members.length]);
      return { bucket, members: filled, count };
    }),
  );
  if (limit >= all.length) return all;
  return Array.from({ length: limit }, (_, i) => all[permuted(i, all.length, seed, "evaluated buckets")]);
}

/**
 * Shapes of which no two hold equally many values, by which a batch is told from one of another shape: `length` is one
 * more, of padding, where need be.
 */
export function toldApart<
  L extends string,
  S extends { readonly batchSize: number } & Readonly<Record<L, number>>,
>(shapes: readonly S[], length: L): S[] {
  const taken = new Set<number>();
  return shapes.map((shape) => {
    let places: number = shape[length];
    while (taken.has(shape.batchSize * places)) places++;
    taken.add(shape.batchSize * places);
    return { ...shape, [length]: places };
  });
}
