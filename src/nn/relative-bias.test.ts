import { expect, it } from "vitest";
import { bucketOf, nearBiases, type RelativeBuckets } from "./relative-bias.js";

const both: RelativeBuckets = { count: 32, maxDistance: 128, bidirectional: true };
const behind: RelativeBuckets = { ...both, bidirectional: false };

const biases = (heads: number, buckets: RelativeBuckets, aheads: number[]) => {
  const table = nearBiases(heads, buckets);
  return aheads.map((ahead) => {
    const row = bucketOf(ahead, buckets) * heads;
    return [...table.slice(row, row + heads)].map((bias) => bias + 0); // -0 is 0
  });
};

it("heads of an encoder look behind and ahead by turns, the later ones farther", () => {
  expect(biases(4, both, [-4, 0, 4, -100])).toEqual([
    [-4, -8, -0.5, -8],
    [0, 0, 0, 0],
    [-8, -4, -8, -0.5],
    [-8, -8, -8, -8], // 12 tokens an eighth and more than hidden: the bucket begins at 91
  ]);
});

it("heads of a decoder look behind", () => {
  const [here, before, far] = biases(6, behind, [0, -4, -16]);
  expect(here).toEqual([0, 0, 0, 0, 0, 0]);
  expect(before).toEqual([-4, -2, -1, -0.5, -0.25, -0.125]);
  expect(far).toEqual([-8, -8, -4, -2, -1, -0.5]);
});
