/**
 * Products of a linear layer in 8 bits, forward and backward: rows of the left matrix and columns of the right one are
 * scaled by their own largest magnitude and rounded, sums are whole numbers and exact. Weights stay float32.
 * [after int8 mixed-precision training in torchao; Dettmers et al. 2022, section 2]
 *
 * Each of x and W is rounded once. With x ~ diag(s) X and W ~ Y diag(t), the gradients take what they need from X and Y:
 * dx = dy W^T ~ (dy diag(t)) Y^T and dW = x^T dy ~ X^T (diag(s) dy), so that only dy is rounded again, for each of the two.
 */
import { withGradient } from "../core/autodiff/custom.js";
import { constant, type Tensor } from "../core/graph/tensor.js";
import { add, maximum, mul, neg, reciprocal } from "../core/ops/elementwise.js";
import { gemm } from "../core/ops/matmul.js";
import { expand, reshape, sum, transpose } from "../core/ops/movement.js";
import { int8Product, roundTo8 } from "../core/ops/quantise.js";
import { max, min } from "../core/ops/reduce.js";

/** How a linear layer's matrices lie, and what is added. */
export interface MultiplyOptions {
  readonly transB?: boolean;
  readonly c?: Tensor;
}

/** x W, or x W^T when `transB`, + c for rows x [n, k]. */
export type Multiply = (x: Tensor<"n c">, w: Tensor, options?: MultiplyOptions) => Tensor<"n c">;

/** The largest whole number on the left, whatever the machine. */
const leftLevels = 127;
/** A matrix that is narrower, one way or the other, costs more to round than its product saves. */
export const narrowest = 128;
/** Whether matrices have known sizes and are wide enough. */
export const paysInInt8 = (...tensors: readonly Tensor[]) =>
  tensors.every(({ shape }) => shape.every((size) => typeof size === "number" && size >= narrowest));
/** A row or column of zeros is divided by this instead. */
const smallest = 1e-30;
/** Rows whose largest magnitude is taken at a time: along columns that is three times as fast as over all at once. */
const rowsAtATime = 8;

export interface Rounded {
  readonly codes: Tensor;
  /** [n, 1] or [1, m]: what codes are multiplied by. */
  readonly scale: Tensor;
}

/**
 * x W, or x W^T when `transB`, + c in 8 bits, with the right-hand numbers from -levels to levels. Only the product of
 * matrices [n, k] and [k, m] of known sizes.
 */
export function int8Multiply(levels: number): Multiply {
  return (x, w, { transB = false, c } = {}) => {
    if (!paysInInt8(x, w)) return gemm(x, w, { transB, c });
    const left = roundedRows(x);
    const right = transB ? roundedRows(w, levels, "int8") : roundedColumns(w, levels);
    const byOutput = reshape(right.scale, [-1]); // m
    const [forward, backward] = transB
      ? [transpose(right.codes), right.codes]
      : [right.codes, transpose(right.codes)];
    const y = mul(int8Product<"n c">(left.codes, forward, byOutput), left.scale);
    return withGradient(c ? add(y, c) : y, c ? [x, w, c] : [x, w], (dy) => {
      const scaled = roundedRows(mul(dy, byOutput));
      const ones = expand(constant([1]), [backward.shape[1]]);
      const dx = mul(int8Product(scaled.codes, backward, ones), scaled.scale);
      const over = roundedColumns(mul(dy, left.scale), levels);
      const dw = int8Product(transpose(left.codes), over.codes, reshape(over.scale, [-1]));
      return [dx, transB ? transpose(dw) : dw, ...(c ? [sum(dy, [0])] : [])];
    });
  };
}

/** Rows scaled by their own largest magnitude, and rounded. */
export function roundedRows(x: Tensor, levels = leftLevels, dtype: "uint8" | "int8" = "uint8"): Rounded {
  return rounded(x, magnitude(x, 1), levels, dtype);
}

/** Columns scaled by their own largest magnitude, and rounded to int8. */
export function roundedColumns(x: Tensor, levels: number): Rounded {
  const [rows, columns] = x.shape as readonly number[];
  if (rows % rowsAtATime > 0) return rounded(x, magnitude(x, 0), levels, "int8");
  const apart = reshape(x, [rows / rowsAtATime, rowsAtATime, columns]);
  const largest = (of: typeof max) => of(of(apart, [1]), [0], { keepDims: true });
  return rounded(x, maximum(largest(max), neg(largest(min))), levels, "int8");
}

const magnitude = (x: Tensor, axis: number) =>
  maximum(max(x, [axis], { keepDims: true }), neg(min(x, [axis], { keepDims: true })));

function rounded(x: Tensor, largest: Tensor, levels: number, dtype: "uint8" | "int8"): Rounded {
  const scale = mul(maximum(largest, smallest), 1 / levels);
  return { codes: roundTo8(mul(x, reciprocal(scale)), dtype), scale };
}
