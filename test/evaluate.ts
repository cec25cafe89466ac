/** Runs symbolic tensors on plain numbers, for tests. */
import { fromHalf, typedArray } from "../src/core/graph/dtype.js";
import type { Tensor } from "../src/core/graph/tensor.js";
import { nodeRuntime } from "../src/core/runtime/node.js";
import { compile } from "../src/core/runtime/session.js";

/** Values of an input; the shape is needed where the input names a size. */
type Feed = number[] | { shape: number[]; values: number[] };

/** The values of the outputs, as plain numbers. */
export async function evaluate<K extends string>(
  outputs: Record<K, Tensor>,
  feeds: Readonly<Record<string, Feed>> = {},
): Promise<Record<K, number[]>> {
  const session = await compile(nodeRuntime, outputs, { threads: 1, spin: false });
  const tensors = Object.fromEntries(
    [...session.graph.inputs].map(([name, { dtype, shape }]) => {
      const feed = feeds[name];
      const given = Array.isArray(feed) ? { values: feed, shape: shape as number[] } : feed;
      return [name, { dtype, shape: given.shape, data: typedArray(dtype, given.values) }];
    }),
  );
  const results = await session.run(tensors);
  await session.release();
  const numbers = Object.entries(results).map(([name, { dtype, data }]) => {
    const values = Array.from(data as ArrayLike<number | bigint>, Number);
    return [name, dtype === "float16" ? values.map(fromHalf) : values];
  });
  return Object.fromEntries(numbers);
}

/** The numbers 1, 2, ... scaled: values that no mistake in an order leaves as they are. */
export function ramp(count: number, scale = 1): number[] {
  return Array.from({ length: count }, (_, i) => scale * (i + 1));
}
