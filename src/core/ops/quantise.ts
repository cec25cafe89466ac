/** Numbers in 8 bits and their products. */
import { defineOp } from "../graph/op.js";
import { apply, formatType, ShapeError, type Tensor, type Unnamed } from "../graph/tensor.js";

/** What an unsigned number of 8 bits stands for zero by. */
const middle = 128;

interface RoundAttrs {
  dtype: "uint8" | "int8";
}

/** The nearest whole numbers, halves to even ones, from -128 to 127: as int8, or with 128 added as uint8. [QuantizeLinear-23] */
export function roundTo8<S extends string>(x: Tensor<S>, dtype: RoundAttrs["dtype"]): Tensor<S> {
  return apply(QuantizeLinear, [x], { dtype });
}

export const QuantizeLinear = defineOp<RoundAttrs>({
  onnx: "QuantizeLinear",
  type: ([x], { dtype }) => ({ dtype, shape: x.shape }),
  lower: (emit, [x], { dtype }, node) =>
    emit.node("QuantizeLinear", [
      x,
      emit.filled(1, node.inputs[0].dtype),
      emit.filled(dtype === "uint8" ? middle : 0, dtype),
    ]),
  samples: (["uint8", "int8"] as const).map((dtype) => ({
    inputs: [{ shape: [2, 4], values: [-200, -1.5, -0.4, 0, 0.5, 2.5, 99.7, 200] }],
    attrs: { dtype },
  })),
});

/**
 * (a - 128) b scale for uint8 a [n, k], int8 b [k, m] and float32 scale [m]: sums of whole numbers, which are exact
 * where |b| is at most `Kernels.int8Levels`, times one number a column. [com.microsoft MatMulIntegerToFloat-1]
 */
export function int8Product<S extends string = Unnamed>(a: Tensor, b: Tensor, scale: Tensor): Tensor<S> {
  return apply(MatMulIntegerToFloat, [a, b, scale]);
}

export const MatMulIntegerToFloat = defineOp({
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
  lower: (emit, [a, b, scale]) =>
    emit.node(
      "MatMulIntegerToFloat",
      [a, b, emit.filled(1, "float32"), scale, emit.filled(middle, "uint8")],
      {},
      1,
      "com.microsoft",
    ),
  samples: [
    {
      inputs: [
        { shape: [2, 3], dtype: "uint8", values: [0, 255, 128, 1, 129, 77] },
        { shape: [3, 2], dtype: "int8", values: [64, -64, -64, 64, 3, -5] },
        { shape: [2], values: [0.5, 2] },
      ],
      attrs: {},
    },
  ],
});
