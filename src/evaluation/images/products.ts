/** Products of matrices, which all measures over features need, a block at a time on the runtime. */
import { input, type Tensor } from "../../core/graph/tensor.js";
import { gemm } from "../../core/ops/matmul.js";
import { compile, hostTensor, type Runtime } from "../../core/runtime/session.js";
import type { Features } from "./features.js";

/** Rows of a block: a block of products has at most this many, squared. */
const blockRows = 2048;

/** A session of one product. */
async function withProduct<T>(
  runtime: Runtime,
  product: Tensor,
  use: (run: (a: Block, b: Block) => Promise<Float32Array | Float64Array>) => Promise<T>,
): Promise<T> {
  const session = await compile(runtime, { product });
  const tensor = ({ data, n, d }: Block) =>
    hostTensor(data instanceof Float64Array ? "float64" : "float32", [n, d], data);
  try {
    return await use(async (a, b) => {
      const result = await session.run({ a: tensor(a), b: tensor(b) });
      return result.product.data as Float32Array | Float64Array;
    });
  } finally {
    await session.release();
  }
}

interface Block {
  readonly data: Float32Array | Float64Array;
  readonly n: number;
  readonly d: number;
}

/** Rows `first`, `first + 1`, ... of a with rows `other`, ... of b. */
interface BlockRange {
  readonly first: number;
  readonly rows: number;
  readonly other: number;
  readonly others: number;
}

/** Reads a block [rows, others]. */
type Visit = (block: Float32Array, place: BlockRange) => void;

/** Visits the inner products of all rows of `a` with all rows of `b`; those of one row of `a` in order. */
export type VisitProducts = (a: Features, b: Features, visit: Visit) => Promise<void>;

/** Lends out products of rows of width `d`, for as many pairs of sets as it likes. */
export function withInnerProducts<T>(
  runtime: Runtime,
  d: number,
  use: (products: VisitProducts) => Promise<T>,
): Promise<T> {
  const product = gemm(input("a", "float32", ["n", d]), input("b", "float32", ["m", d]), { transB: true });
  return withProduct(runtime, product, (run) =>
    use(async (a, b, visit) => {
      for (let first = 0; first < a.n; first += blockRows) {
        for (let other = 0; other < b.n; other += blockRows) {
          const [left, right] = [rowsFrom(a, first), rowsFrom(b, other)];
          const block = (await run(left, right)) as Float32Array;
          visit(block, { first, rows: left.n, other, others: right.n });
        }
      }
    }),
  );
}

function rowsFrom({ data, n, d }: Features, first: number): Block {
  const rows = Math.min(blockRows, n - first);
  return { data: data.subarray(first * d, (first + rows) * d), n: rows, d };
}

/**
 * Visits the squared distances of all rows of `a` from all rows of `b`, none below zero. Rows are moved by the mean of `b` before, which leaves
 * distances as they are and most of float32's digits to them.
 */
export function squaredDistances(runtime: Runtime, a: Features, b: Features, visit: Visit): Promise<void> {
  const centre = meanOf(b);
  const [left, right] = [moved(a, centre), moved(b, centre)];
  const [lengths, otherLengths] = [squaredLengths(left), squaredLengths(right)];
  const measure = (block: Float32Array, place: BlockRange) => {
    for (let i = 0; i < place.rows; i++) {
      for (let j = 0; j < place.others; j++) {
        const at = i * place.others + j;
        const squared = lengths[place.first + i] + otherLengths[place.other + j] - 2 * block[at];
        block[at] = Math.max(0, squared);
      }
    }
    visit(block, place);
  };
  return withInnerProducts(runtime, a.d, (products) => products(left, right, measure));
}

/** The mean row, in float64. */
export function meanOf({ data, n, d }: Features): Float64Array {
  const mean = new Float64Array(d);
  for (let i = 0; i < data.length; i++) mean[i % d] += data[i];
  return mean.map((v) => v / n);
}

function moved(features: Features, by: Float64Array): Features {
  return { ...features, data: features.data.map((v, i) => v - by[i % features.d]) };
}

function squaredLengths({ data, n, d }: Features): Float64Array {
  const lengths = new Float64Array(n);
  for (let i = 0; i < data.length; i++) lengths[Math.floor(i / d)] += data[i] ** 2;
  return lengths;
}

/** The covariance [d, d] of the rows, with n - 1 below, in float64. */
export function covariance(runtime: Runtime, features: Features): Promise<Float64Array> {
  const { d, n } = features;
  const mean = meanOf(features);
  const rows = input("a", "float64", ["n", d]);
  const product = gemm(rows, input("b", "float64", ["n", d]), { transA: true });
  return withProduct(runtime, product, async (run) => {
    const total = new Float64Array(d * d);
    for (let first = 0; first < n; first += blockRows) {
      const { data, ...sizes } = rowsFrom(features, first);
      const block = { ...sizes, data: Float64Array.from(data, (v, i) => v - mean[i % d]) };
      const part = await run(block, block);
      for (let i = 0; i < total.length; i++) total[i] += part[i] / (n - 1);
    }
    return total;
  });
}
