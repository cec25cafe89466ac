/**
 * Dropout (Srivastava et al. 2014) by the rows of a table. A mask a row is drawn once and for all; a batch says which
 * row each token gets in each place. So a step draws a number a token and place instead of one a value, and is a pure
 * function of its random streams.
 */
import { known } from "../core/graph/size.js";
import { constant, type Tensor } from "../core/graph/tensor.js";
import { mul } from "../core/ops/elementwise.js";
import { gather } from "../core/ops/gather.js";
import { reshape } from "../core/ops/movement.js";
import { slice } from "../core/ops/slice.js";
import { type RandomStream, randomStream } from "../core/random.js";

/** Drops out values of rows [n, c] in one of a model's places, which are counted from 0. */
export type Dropout = (x: Tensor<"n c">, site: number) => Tensor<"n c">;

/** Rows of the table; a power of two, so that one word of a random stream holds two of their numbers. */
const tableRows = 4096;

/**
 * Which row of the table each token gets in each place: [sites, time b], tokens time first, as models lay them out. Each
 * sequence draws from its own stream, so that it does not depend on the others.
 */
export function dropoutRows(sites: number, time: number, streams: readonly RandomStream[]): Int32Array {
  const rows = new Int32Array(sites * time * streams.length);
  streams.forEach((random, sequence) => {
    let word = 0;
    for (let i = 0; i < sites * time; i++) {
      word = i % 2 === 0 ? random.uint32() : word >>> 16;
      rows[i * streams.length + sequence] = word % tableRows;
    }
  });
  return rows;
}

/**
 * Sets values to zero by chance `rate` and divides the others by 1 - rate, by int64 `rows` [sites, n] of `dropoutRows`
 * for at least as many tokens as x has rows.
 */
export function dropoutFrom(rows: Tensor, rate: number): Dropout {
  const tables = new Map<number, Tensor>();
  return (x, site) => {
    const [count, width] = [x.shape[0], known(x.shape[1])];
    const table = tables.get(width) ?? maskTable(width, rate);
    tables.set(width, table);
    const chosen = slice(slice(rows, 0, site, site + 1), 1, 0, count);
    return mul<Tensor<"n c">, Tensor>(x, gather(table, reshape(chosen, [count])));
  };
}

/** [rows, width], the same for every run: 0 by chance `rate`, otherwise 1 / (1 - rate). */
function maskTable(width: number, rate: number): Tensor {
  const random = randomStream(0, "dropout table");
  const kept = Float32Array.from({ length: tableRows * width }, () =>
    random.uint32() < rate * 2 ** 32 ? 0 : 1 / (1 - rate),
  );
  return constant(kept, [tableRows, width]);
}
