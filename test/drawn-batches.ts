/** A module of batches for the tests of `prefetch`. */
import { setTimeout } from "node:timers/promises";
import { randomStream } from "../src/core/random.js";
import type { MakeBatch } from "../src/data/prefetch/prefetch.js";
import { ShardError } from "../src/files/errors.js";

export interface DrawnOptions {
  readonly seed: number;
  /** No batch from this index on. */
  readonly fails?: number;
  /** The batch of this index takes 200 ms. */
  readonly slow?: number;
  /** The thread ends at this index. */
  readonly exits?: number;
}

export async function batches({ seed, fails, slow, exits }: DrawnOptions): Promise<MakeBatch> {
  if (seed < 0) throw new ShardError("The seed is negative", `${seed}`, "give another");
  const table = Float32Array.from({ length: 16 }, (_, i) => i);
  return async (index) => {
    if (index === fails) throw new ShardError("The batch is damaged", `batch ${index}`, "prepare it again");
    if (index === slow) await setTimeout(200);
    if (index === exits) process.exit(3);
    const random = randomStream(seed, "drawn", index);
    const x = Float32Array.from({ length: 100 }, () => random.uniform());
    // A view of what is used again, and two views of the same numbers.
    return { x, label: Int32Array.of(index), part: table.subarray(index % 8, (index % 8) + 4), same: x };
  };
}
