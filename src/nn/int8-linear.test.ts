import { describe, expect, it } from "vitest";
import { grad } from "../core/autodiff/grad.js";
import { input } from "../core/graph/tensor.js";
import { mul } from "../core/ops/elementwise.js";
import { gemm } from "../core/ops/matmul.js";
import { sum } from "../core/ops/movement.js";
import { fillNormal, randomStream } from "../core/random.js";
import { nodeRuntime } from "../core/runtime/node.js";
import { compile, hostTensor } from "../core/runtime/session.js";
import { int8Multiply, type Multiply } from "./int8-linear.js";

/** Rows, inputs and outputs: the first two are no multiples of the eight rows that maxima are taken over. */
const [n, k, m] = [131, 135, 144];
type Matrix = { readonly rows: number; readonly columns: number; readonly data: Float32Array };

const drawn = (name: string, rows: number, columns: number): Matrix => {
  const data = new Float32Array(rows * columns);
  fillNormal(data, randomStream(1, name), 1);
  return { rows, columns, data };
};
const [x, dy] = [drawn("x", n, k), drawn("dy", n, m)];
const bias = drawn("bias", 1, m);
const at = ({ columns, data }: Matrix, row: number, column: number) => data[row * columns + column];
const built = (rows: number, columns: number, of: (row: number, column: number) => number): Matrix => ({
  rows,
  columns,
  data: Float32Array.from({ length: rows * columns }, (_, i) => of(Math.floor(i / columns), i % columns)),
});
const turned = (a: Matrix) => built(a.columns, a.rows, (row, column) => at(a, column, row));

/** The outputs of a layer and its gradients under the weights dy. */
async function run(
  multiply: Multiply,
  transB: boolean,
  { w, rows = x, threads = 1 }: { w: Matrix; rows?: Matrix; threads?: number },
) {
  const shaped = (name: string, { rows, columns }: Matrix) => input(name, "float32", [rows, columns]);
  const [given, weight, c] = [shaped("x", rows), shaped("w", w), input("c", "float32", [m])];
  const y = multiply(given, weight, { transB, c });
  const [dx, dw, dc] = grad(sum(mul(y, shaped("dy", dy))), [given, weight, c]);
  const session = await compile(nodeRuntime, { y, dx, dw, dc }, { threads, spin: false });
  const tensor = ({ rows, columns, data }: Matrix) => hostTensor("float32", [rows, columns], data);
  const feeds = { x: tensor(rows), w: tensor(w), dy: tensor(dy), c: hostTensor("float32", [m], bias.data) };
  const results = await session.run(feeds);
  await session.release();
  return Object.fromEntries(Object.entries(results).map(([name, { data }]) => [name, data as Float32Array]));
}

/** Rows scaled by their largest magnitude and rounded, halves to even. */
function rounded(a: Matrix, levels: number): { codes: Matrix; scales: number[] } {
  const scales = Array.from({ length: a.rows }, (_, row) => {
    const largest = Math.max(...a.data.subarray(row * a.columns, (row + 1) * a.columns).map(Math.abs));
    return Math.fround(Math.fround(largest) * Math.fround(1 / levels));
  });
  const code = (row: number, column: number) => {
    const v = Math.fround(at(a, row, column) * Math.fround(1 / scales[row]));
    const below = Math.floor(v);
    return v - below === 0.5 ? below + (below & 1) : Math.round(v);
  };
  return { codes: built(a.rows, a.columns, code), scales };
}

/** a b^T for whole numbers, each sum times its row's and its column's number. */
function product(
  a: Matrix,
  b: Matrix,
  byRow: (row: number) => number,
  byColumn: (column: number) => number,
): Matrix {
  return built(a.rows, b.rows, (row, column) => {
    let total = 0;
    for (let i = 0; i < a.columns; i++) total += at(a, row, i) * at(b, column, i);
    return total * byColumn(column) * byRow(row);
  });
}

const one = () => 1;

/** What the header of int8-linear.ts says, with w [m, k], in whole numbers. */
function inWholeNumbers(w: Matrix, levels: number) {
  const [left, right] = [rounded(x, 127), rounded(w, levels)];
  const y = product(
    left.codes,
    right.codes,
    (row) => left.scales[row],
    (column) => right.scales[column],
  );
  const towardsX = rounded(
    built(n, m, (row, column) => Math.fround(at(dy, row, column) * right.scales[column])),
    127,
  );
  const dx = product(towardsX.codes, turned(right.codes), (row) => towardsX.scales[row], one);
  const towardsW = rounded(
    turned(built(n, m, (row, column) => Math.fround(at(dy, row, column) * left.scales[row]))),
    levels,
  );
  const dw = product(turned(left.codes), towardsW.codes, one, (column) => towardsW.scales[column]); // k m
  return { y: built(n, m, (row, column) => at(y, row, column) + bias.data[column]), dx, dw };
}

const largestOf = (values: Float32Array) => values.reduce((most, v) => Math.max(most, Math.abs(v)), 0);
/** Float32's rounding of a scale, of what is scaled and of a sum; a code that rounds the other way would be 1e-3 and more. */
const expectClose = (actual: Float32Array, expected: Float32Array, share = 1e-5) => {
  expect(actual.length).toBe(expected.length);
  const most = share * largestOf(expected);
  expect(actual.findIndex((value, i) => !(Math.abs(value - expected[i]) <= most))).toBe(-1);
};

const { int8Levels: levels = 0 } = await nodeRuntime.kernels!("cpu");

describe("products in int8", () => {
  it.each([true, false])(
    "are what plain whole numbers give, forward and backward; W^T: %s",
    async (transB) => {
      const w = drawn("w", m, k);
      const expected = inWholeNumbers(w, levels);
      const { y, dx, dw, dc } = await run(int8Multiply(levels), transB, { w: transB ? w : turned(w) });
      expectClose(y, expected.y.data);
      expectClose(dx, expected.dx.data);
      expectClose(dw, (transB ? turned(expected.dw) : expected.dw).data);
      const columns = built(1, m, (_, column) =>
        Array.from({ length: n }, (_, row) => at(dy, row, column)).reduce((a, b) => a + b),
      );
      expectClose(dc, columns.data);
    },
  );

  it("lie within a hundredth or two of float32's, in the mean square", async () => {
    const w = drawn("w", m, k);
    const [exact, coarse] = [await run(gemm, true, { w }), await run(int8Multiply(levels), true, { w })];
    for (const [name, values] of Object.entries(exact)) {
      const square = (of: (i: number) => number) => values.reduce((total, _, i) => total + of(i) ** 2, 0);
      const error = Math.sqrt(square((i) => coarse[name][i] - values[i]) / square((i) => values[i]));
      expect(error, name).toBeLessThan(0.016); // 0.009 with 127 levels on the right, 0.014 with 64
      if (name !== "dc") expect(error, name).toBeGreaterThan(0.001);
    }
  });

  it("sum the largest numbers without losing any", async () => {
    const [ones, all] = [built(n, k, () => 1), built(m, k, () => 1)];
    const { y } = await run(int8Multiply(levels), true, { w: all, rows: ones });
    expectClose(y, built(n, m, (_, column) => k + bias.data[column]).data);
  });

  it("have the same bits for any number of threads", async () => {
    const w = drawn("w", m, k);
    expect(await run(int8Multiply(levels), true, { w, threads: 2 })).toEqual(
      await run(int8Multiply(levels), true, { w }),
    );
  });

  it("of rows and columns of zeros are zero", async () => {
    const { y, dx, dw } = await run(int8Multiply(levels), true, {
      w: built(m, k, () => 0),
      rows: built(n, k, () => 0),
    });
    expectClose(y, built(n, m, (_, column) => bias.data[column]).data);
    for (const zeros of [dx, dw]) expect(largestOf(zeros)).toBeLessThan(1e-25);
  });

  it("that are narrow stay float32", async () => {
    const narrow = built(m, 100, (row, column) => Math.sin(row * 100 + column));
    const rows = built(n, 100, (row, column) => Math.cos(row * 100 + column));
    const options = { w: narrow, rows };
    expect(await run(int8Multiply(levels), true, options)).toEqual(await run(gemm, true, options));
  });
});
