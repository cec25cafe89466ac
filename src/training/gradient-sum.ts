/** The gradients of a step's micro-batches, added up. */
import type { Arrays } from "../optim/arrays.js";

/** A sum over micro-batches. */
export interface GradientSum<A> {
  readonly total: A;
  /** Adds up those from `first` on: `leaf` leaves the gradients of one in the array and gives how often they count. */
  run(first: number, leaf: (micro: number) => Promise<number>): Promise<void>;
}

/**
 * Sums what is left in `gradients` [n] `count` times, as a tree of halves as far as the count can be halved: (0 + 1) +
 * (2 + 3). A rank that has a half or a quarter of the micro-batches computes a branch of the same tree, so that the bits
 * do not depend on how many ranks there are. Takes an array [n] a level.
 */
export async function gradientSum<A>(
  arrays: Arrays<A>,
  gradients: A,
  count: number,
): Promise<GradientSum<A>> {
  const totals = await Promise.all(Array.from({ length: levelsOf(count) }, () => arrays.zeros()));
  const clears = await Promise.all(totals.map((total) => arrays.clearing(total)));
  const adds = await Promise.all(totals.map((total) => arrays.blend(total, gradients)));
  const joins = await Promise.all(totals.slice(1).map((right, level) => arrays.blend(totals[level], right)));

  async function sum(level: number, first: number, number: number, leaf: Leaf): Promise<void> {
    if (isWhole(number)) {
      await clears[level]();
      for (let micro = first; micro < first + number; micro++) {
        const weight = await leaf(micro);
        if (weight > 0) await adds[level](1, weight);
      }
      return;
    }
    await sum(level, first, number / 2, leaf);
    await sum(level + 1, first + number / 2, number / 2, leaf);
    await joins[level](1, 1);
  }

  return { total: totals[0], run: (first, leaf) => sum(0, first, count, leaf) };
}

type Leaf = Parameters<GradientSum<unknown>["run"]>[1];

/** One after another: a pair is its own tree, and an odd number has no halves. */
const isWhole = (count: number) => count === 2 || count % 2 === 1;

const levelsOf = (count: number): number => (isWhole(count) ? 1 : 1 + levelsOf(count / 2));
