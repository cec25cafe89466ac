import { describe, expect, it } from "vitest";
import {
  batchesPerPass,
  evaluationBuckets,
  type LengthBucket,
  lengthBuckets,
  trainingBucket,
} from "./length-buckets.js";

/** 60 examples of lengths 10 to 128 in no order. */
const lengths = Array.from({ length: 60 }, (_, i) => 10 + 2 * ((i * 17) % 60));
const buckets = lengthBuckets(lengths, { batchSize: 4, buckets: 4 });
const members = (all: readonly { readonly members: readonly number[] }[]) =>
  all.flatMap((each) => [...each.members]).sort((a, b) => a - b);
const numbers = [...lengths.keys()];

describe("length buckets", () => {
  it("hold every example once, in a bucket whose length it does not exceed", () => {
    expect(members(buckets)).toEqual(numbers);
    for (const { length, members } of buckets) {
      expect(Math.max(...members.map((i) => lengths[i]))).toBe(length);
    }
  });

  it("share the sum of lengths, and a batch of each is about as long in all", () => {
    const sums = buckets.map(({ members }) => members.reduce((sum, i) => sum + lengths[i], 0));
    const whole = sums.reduce((a, b) => a + b, 0);
    // An example lies on one side of a border: off by at most the longest.
    for (const sum of sums) expect(Math.abs(sum - whole / 4)).toBeLessThanOrEqual(128);
    for (const { length, batchSize } of buckets) {
      expect(length * batchSize).toBeLessThanOrEqual(4 * 128);
      expect(length * (batchSize + 1)).toBeGreaterThan(4 * 128);
    }
  });

  it("fill up less than one bucket would", () => {
    const filled = (all: readonly LengthBucket[]) =>
      all.reduce((sum, { length, members }) => sum + length * members.length, 0);
    expect(filled(buckets)).toBeLessThan(0.75 * filled(lengthBuckets(lengths, { batchSize: 4, buckets: 1 })));
  });

  it("are as few as there are lengths", () => {
    const options = { batchSize: 2, buckets: 4 };
    expect(lengthBuckets([7, 7, 7], options)).toEqual([{ length: 7, batchSize: 2, members: [0, 1, 2] }]);
    expect(lengthBuckets([7, 9, 7, 9], options).map(({ length }) => length)).toEqual([7, 9]);
  });
});

describe("batches of training", () => {
  const perPass = batchesPerPass(buckets);
  const pass = (number: number, seed = 1) =>
    Array.from({ length: perPass }, (_, i) => trainingBucket(buckets, seed, number * perPass + i));

  it("reach every example in a pass, each bucket as often as it has batches", () => {
    expect([...new Set(members(pass(0)))]).toEqual(numbers);
    for (const bucket of buckets) {
      const batches = pass(2).filter((batch) => batch.bucket === bucket);
      expect(batches.length).toBe(Math.ceil(bucket.members.length / bucket.batchSize));
      for (const { members } of batches) expect(members.length).toBe(bucket.batchSize);
    }
  });

  it("see each example of a bucket equally often in the long run", () => {
    const seen = new Map<number, number>();
    for (let number = 0; number < 30; number++) {
      for (const i of members(pass(number))) seen.set(i, (seen.get(i) ?? 0) + 1);
    }
    for (const { members } of buckets) {
      const counts = members.map((i) => seen.get(i)!);
      expect(Math.max(...counts) - Math.min(...counts)).toBeLessThanOrEqual(1);
    }
  });

  it("are the same for a seed, and others in another pass or with another seed", () => {
    expect(pass(0)).toEqual(pass(0));
    expect(pass(1)).not.toEqual(pass(0));
    expect(pass(0, 2)).not.toEqual(pass(0));
  });
});

describe("batches of an evaluation", () => {
  it("count every example once", () => {
    const counted = evaluationBuckets(buckets, 1).map(({ members, count }) => ({
      members: members.slice(0, count),
    }));
    expect(members(counted)).toEqual(numbers);
  });

  it("are whole where few are asked for, and the same each time", () => {
    const some = evaluationBuckets(buckets, 1, 3);
    expect(some.length).toBe(3);
    expect(new Set(some).size).toBe(3);
    expect(evaluationBuckets(buckets, 1, 3)).toEqual(some);
    for (const { members, bucket } of some) expect(members.length).toBe(bucket.batchSize);
  });
});
