/** What every way of bringing ranks together must do, checked by each rank for itself. */
import assert from "node:assert/strict";
import type { Collective } from "../src/distributed/collective.js";

/** Of arrays that are summed; the last is longer than a message. */
const lengths = [0, 1, 5, 1001, 2 ** 18 + 1001];

/** All ranks call it. Rejects with what is wrong; does not take leave. */
export async function exercise(one: Collective): Promise<void> {
  const { rank, size } = one;
  for (const length of lengths) {
    const arrays = Array.from({ length: size }, (_, rank) => numbers(rank, length));
    const sum = arrays[rank].slice();
    await one.allReduce(sum);
    const isPower = (size & (size - 1)) === 0;
    same(sum, isPower ? treeSum(arrays) : arrays.reduce(add), `the sum of ${length}`);
  }

  const long = 2 ** 18 + 9;
  const bounds = [0, ...Array.from({ length: size }, (_, i) => (i === 0 ? 3 : long * i))];
  const whole = new Float32Array(bounds[size]).fill(rank);
  const expected = new Float32Array(bounds[size]);
  for (let r = 0; r < size; r++) expected.fill(r, bounds[r], bounds[r + 1]);
  const ofZero = whole.slice();
  await one.gatherParts(ofZero, bounds);
  same(ofZero, rank === 0 ? expected : whole, "what rank 0 gathers");
  await one.allGatherParts(whole, bounds);
  same(whole, expected, "what all gather");

  // A part in the middle of memory, and one that is small.
  const inner = new Float32Array(9).fill(rank);
  await one.allReduce(inner.subarray(3, 6));
  const total = (size * (size - 1)) / 2;
  same(inner, new Float32Array(9).fill(rank).fill(total, 3, 6), "the sum of a part");

  assert.deepEqual(
    await one.allGather({ rank }),
    Array.from({ length: size }, (_, rank) => ({ rank })),
  );
  assert.equal(await one.broadcast(rank === 0 ? "go" : undefined), "go");
}

/** Of unlike magnitudes, so that another order of sums has other bits. */
function numbers(rank: number, length: number): Float32Array {
  const out = new Float32Array(length);
  for (let i = 0; i < length; i++)
    out[i] = (((7919 * i + 104729 * rank) % 1009) - 504) / ((i % 13) + rank + 1);
  return out;
}

function add(a: Float32Array, b: Float32Array): Float32Array {
  const sum = new Float32Array(a.length);
  for (let i = 0; i < a.length; i++) sum[i] = a[i] + b[i];
  return sum;
}

/** (0 + 1) + (2 + 3), and so on. */
function treeSum(arrays: readonly Float32Array[]): Float32Array {
  if (arrays.length === 1) return arrays[0];
  const half = arrays.length / 2;
  return add(treeSum(arrays.slice(0, half)), treeSum(arrays.slice(half)));
}

/** To the bit. */
function same(a: Float32Array, b: Float32Array, what: string): void {
  const [left, right] = [a, b].map(({ buffer }) => new Int32Array(buffer));
  const differs = left.findIndex((bits, i) => bits !== right[i]);
  assert.ok(a.length === b.length && differs < 0, `${what}: ${a[differs]} at ${differs}, not ${b[differs]}`);
}
