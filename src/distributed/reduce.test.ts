import { describe, expect, it } from "vitest";
import { linksInMemory } from "../../test/ranks-in-memory.js";
import { allGatherParts, allReduce, gatherParts } from "./reduce.js";

const arraysOf = (size: number, length: number) =>
  Array.from({ length: size }, (_, rank) =>
    Float32Array.from({ length }, (_, i) => Math.sin(7 * i + 13 * rank) * 10 ** ((i + rank) % 5)),
  );

const add = (a: Float32Array, b: Float32Array) => a.map((value, i) => value + b[i]);

/** (0 + 1) + (2 + 3), and so on. */
function treeSum(arrays: readonly Float32Array[]): Float32Array {
  if (arrays.length === 1) return arrays[0];
  const half = arrays.length / 2;
  return add(treeSum(arrays.slice(0, half)), treeSum(arrays.slice(half)));
}

const isSame = (a: Float32Array, b: Float32Array) => Buffer.from(a.buffer).equals(Buffer.from(b.buffer));

async function reduced(arrays: readonly Float32Array[]): Promise<Float32Array[]> {
  const sums = arrays.map((array) => array.slice());
  await Promise.all(linksInMemory(arrays.length).map((links, rank) => allReduce(links, sums[rank])));
  return sums;
}

describe("allReduce", () => {
  it.each([
    [1, 5],
    [2, 0],
    [2, 1],
    [2, 2 ** 19 + 3], // more than a message
    [4, 1],
    [4, 1001],
    [8, 5],
    [8, 4096],
  ])("of %d ranks with %d numbers is their sum as a tree of halves, on each", async (size, length) => {
    const arrays = arraysOf(size, length);
    const expected = treeSum(arrays);
    for (const sum of await reduced(arrays)) expect(isSame(sum, expected)).toBe(true);
  });

  it.each([3, 6])("of %d ranks is their sum in order", async (size) => {
    const arrays = arraysOf(size, 1001);
    const expected = arrays.reduce(add);
    for (const sum of await reduced(arrays)) expect(sum).toEqual(expected);
  });
});

describe("allGatherParts", () => {
  it("gives every rank the part of each, whatever it had there", async () => {
    const bounds = [0, 3, 3, 2 ** 18 + 9];
    const arrays = [1, 2, 3].map((value) => new Float32Array(bounds[3]).fill(value));
    await Promise.all(linksInMemory(3).map((links, rank) => allGatherParts(links, arrays[rank], bounds)));
    const expected = new Float32Array(bounds[3]).fill(1, 0, 3).fill(3, 3);
    for (const array of arrays) expect(isSame(array, expected)).toBe(true);
  });
});

describe("gatherParts", () => {
  it("gives rank 0 the part of each, and nothing to the others", async () => {
    const bounds = [0, 2, 4, 5];
    const arrays = [1, 2, 3].map((value) => new Float32Array(5).fill(value));
    await Promise.all(linksInMemory(3).map((links, rank) => gatherParts(links, arrays[rank], bounds)));
    expect(arrays.map((array) => [...array])).toEqual([
      [1, 1, 2, 2, 3],
      [2, 2, 2, 2, 2],
      [3, 3, 3, 3, 3],
    ]);
  });
});
