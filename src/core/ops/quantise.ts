/** Numbers in 8 bits and their products. */
import { defineOp } from "../graph/op.js";
import { apply, formatType, ShapeError, type Tensor, type Unnamed } from "../graph/tensor.js";

interface RoundAttrs {
  dtype: "uint8" | "int8";
  /** What stands for zero. */
  zero: number;
}

/**
 * The nearest whole numbers, halves to even ones, plus `zero`: as int8 from -128 to 127 or, with 128 as zero unless
 * another is given, as uint8 from 0 to 255. [QuantizeLinear-23]
 */
export function roundTo8<S extends string>(
  x: Tensor<S>,
  dtype: RoundAttrs["dtype"],
  zero = dtype === "uint8" ? 128 : 0,
): Tensor<S> {
  return apply(QuantizeLinear, [x], { dtype, zero });
}

export const QuantizeLinear = defineOp<RoundAttrs>({
  onnx: "QuantizeLinear",
  type: ([x], { dtype }) => ({ dtype, shape: x.shape }),
  lower: (emit, [x], { dtype, zero }, node) =>
    emit.node("QuantizeLinear", [x, emit.filled(1, node.inputs[0].dtype), emit.filled(zero, dtype)]),
  samples: (
    [
      ["uint8", 128],
      ["int8", 0],
      ["uint8", 0],
    ] as const
  ).map(([dtype, zero]) => ({
    inputs: [{ shape: [2, 4], values: [-200, -1.5, -0.4, 0, 0.5, 2.5, 99.7, 300] }],
    attrs: { dtype, zero },
  })),
});

interface ProductAttrs {
  zero: number;
}

/**
 * (a - zero) b scale for uint8 a [n, k], int8 b [k, m] and float32 scale [m]: sums of whole numbers, which are exact
 * where |b| is at most `Kernels.int8Levels`, times one number a column. [com.microsoft MatMulIntegerToFloat-1]
 */
export function int8Product<S extends string = Unnamed>(
  a: Tensor,
  b: Tensor,
  scale: Tensor,
  zero = 128,
): Tensor<S> {
  return apply(MatMulIntegerToFloat, [a, b, scale], { zero });
}

export const MatMulIntegerToFloat = defineOp<ProductAttrs>({
  onnx: "MatMulIntegerToFloat",
  domain: "com.microsoft",
  type: ([a, b, scale]) => {
    const fits = a.shape.length === 2 && b.shape.length === 2 && a.shape[1] === b.shape[0];
    if (!fits || a.dtype !== "uint8" || b.dtype !== "int8" || String(scale.shape) !== String([b.shape[1]])) {
      throw new ShapeError(
        "matrices in 8 bits do not fit each other",
        `${formatType(a)} times ${formatType(b)} times ${formatType(scale)}`,
        "give uint8 [n, k], int8 [k, m] and a scale [m]",
      );
    }
    return { dtype: scale.dtype, shape: [a.shape[0], b.shape[1]] };
  },
  lower: (emit, [a, b, scale], { zero }) =>
    emit.node(
      "MatMulIntegerToFloat",
      [a, b, emit.filled(1, "float32"), scale, emit.filled(zero, "uint8")],
      {},
      1,
      "com.microsoft",
    ),
  samples: [128, 0].map((zero) => ({
    inputs: [
      { shape: [2, 3], dtype: "uint8", values: [0, 255, 128, 1, 129, 77] },
      { shape: [3, 2], dtype: "int8", values: [64, -64, -64, 64, 3, -5] },
      { shape: [2], values: [0.5, 2] },
    ],
    attrs: { zero },
  })),
});
