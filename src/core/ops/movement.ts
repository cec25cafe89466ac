/** Reshape, transpose, expand and sum: closed under differentiation. */
import { dtypes } from "../graph/dtype.js";
import { defineOp } from "../graph/op.js";
import { divideSizes, type Size, sizeOf } from "../graph/size.js";
import {
  apply,
  formatType,
  ShapeError,
  scalar,
  type Tensor,
  type TensorType,
  type Unnamed,
} from "../graph/tensor.js";

interface ShapeAttrs {
  shape: readonly Size[];
}

/** The same elements in another shape. One entry may be -1: it is worked out. [Reshape-14] */
export function reshape<S extends string = Unnamed>(x: Tensor, shape: readonly Size[]): Tensor<S> {
  const open = shape.indexOf(-1);
  const filled =
    open < 0 ? shape : shape.with(open, divideSizes(x.size, sizeOf(shape.filter((_, i) => i !== open))));
  if (sameShape(x.shape, filled)) return x;
  return apply(Reshape, [x], { shape: filled });
}

export const Reshape = defineOp<ShapeAttrs>({
  onnx: "Reshape",
  type: ([x], { shape }) => {
    if (sizeOf(x.shape) !== sizeOf(shape)) {
      throw new ShapeError(
        "reshape changes the number of elements",
        `${formatType(x)} to [${shape.join(", ")}]`,
        "choose a shape with the same product",
      );
    }
    return { dtype: x.dtype, shape };
  },
  vjp: ([g], _, [x]) => [reshape(g, x.shape)],
  lower: (emit, [x], { shape }, node) => {
    const open = node.inputs[0].shape.some((s) => typeof s === "string")
      ? shape.flatMap((s, i) => (typeof s === "string" ? [i] : []))
      : [];
    // One unknown size is -1 to ONNX; only more of them have to be computed, and may turn out to be zero.
    const sizes = open.length === 1 ? shape.with(open[0], -1) : shape;
    const zero = sizes.some((s) => typeof s === "string" || s === 0);
    return emit.node("Reshape", [x, emit.sizes(sizes)], zero ? { allowzero: 1 } : {});
  },
  samples: [{ inputs: [{ shape: [2, 6] }], attrs: { shape: [3, 4] } }],
});

/** Reorders axes: axis i of the result is axis `perm[i]` of x; by default all reversed. [Transpose-13] */
export function transpose<S extends string = Unnamed>(x: Tensor, perm?: readonly number[]): Tensor<S> {
  const order = perm ?? x.shape.map((_, i) => x.rank - 1 - i);
  return order.every((axis, i) => axis === i) ? x : apply(Transpose, [x], { perm: order });
}

export const Transpose = defineOp<{ perm: readonly number[] }>({
  onnx: "Transpose",
  type: ([x], { perm }) => {
    if (perm.length !== x.shape.length || perm.some((_, axis) => !perm.includes(axis))) {
      throw new ShapeError(
        "a transpose must name each axis once",
        `[${perm.join(", ")}] for ${formatType(x)}`,
        `give a permutation of 0..${x.shape.length - 1}`,
      );
    }
    return { dtype: x.dtype, shape: perm.map((axis) => x.shape[axis]) };
  },
  vjp: ([g], _y, _x, { perm }) => [
    transpose(
      g,
      perm.map((_, axis) => perm.indexOf(axis)),
    ),
  ],
  attributes: ({ perm }) => ({ perm }),
  samples: [
    { inputs: [{ shape: [2, 3] }], attrs: { perm: [1, 0] } },
    { inputs: [{ shape: [2, 3, 4] }], attrs: { perm: [1, 2, 0] } },
  ],
});

/** Repeats axes of size 1 and adds leading axes until `shape` is reached. [Expand-13] */
export function expand<S extends string = Unnamed>(x: Tensor, shape: readonly Size[]): Tensor<S> {
  return sameShape(x.shape, shape) ? x : apply(Expand, [x], { shape });
}

export const Expand = defineOp<ShapeAttrs>({
  onnx: "Expand",
  type: ([x], { shape }) => {
    if (!sameShape(broadcastShapes(x.shape, shape), shape)) {
      throw new ShapeError(
        "a tensor cannot be expanded to this shape",
        `${formatType(x)} to [${shape.join(", ")}]`,
        "only axes of size 1 repeat, and only leading axes are added",
      );
    }
    return { dtype: x.dtype, shape };
  },
  vjp: ([g], _, [x]) => [sumTo(g, x.shape)],
  lower: (emit, [x], { shape }) => emit.node("Expand", [x, emit.sizes(shape)]),
  samples: [
    { inputs: [{ shape: [3, 1] }], attrs: { shape: [2, 3, 4] } },
    { inputs: [{ shape: [] }], attrs: { shape: [2, 2] } },
  ],
});

interface SumAttrs {
  axes: readonly number[];
  keepDims: boolean;
}

/** Sum over axes (default: all). Negative axes count from the end. [ReduceSum-13] */
export function sum<S extends string = Unnamed>(
  x: Tensor,
  axes: readonly number[] = x.shape.map((_, i) => i),
  { keepDims = false } = {},
): Tensor<S> {
  if (axes.length === 0) return x;
  return apply(ReduceSum, [x], { axes: positiveAxes(x, axes), keepDims });
}

export const ReduceSum = defineOp<SumAttrs>({
  onnx: "ReduceSum",
  type: ([x], attrs) => reducedType(x, attrs),
  vjp: ([g], _, [x], { axes }) => [expand(reshape(g, keptShape(x.shape, axes)), x.shape)],
  lower: (emit, [x], { axes, keepDims }, node) => {
    const { dtype, shape } = node.inputs[0];
    const rows = shape[0];
    // A row of ones times the matrix sums its columns in half the time on the CPU.
    if (
      shape.length === 2 &&
      axes.length === 1 &&
      axes[0] === 0 &&
      typeof rows === "number" &&
      dtypes[dtype].float
    ) {
      const row = emit.node("Gemm", [emit.filled(1, dtype, [1, rows]), x]);
      return keepDims
        ? row
        : emit.node("Reshape", [row[0], emit.sizes([typeof shape[1] === "number" ? shape[1] : -1])]);
    }
    return emit.node("ReduceSum", [x, emit.sizes(axes)], { keepdims: keepDims ? 1 : 0 });
  },
  samples: [
    { inputs: [{ shape: [2, 3, 4] }], attrs: { axes: [1], keepDims: false } },
    { inputs: [{ shape: [2, 3, 4] }], attrs: { axes: [0, 2], keepDims: true } },
  ],
});

/** A tensor of zeros. */
export function zeros<S extends string = Unnamed>(shape: readonly Size[], dtype: Tensor["dtype"]): Tensor<S> {
  return expand(scalar(0, dtype), shape);
}

/** Sums a gradient over the axes along which a value of `shape` was broadcast. */
export function sumTo(g: Tensor, shape: readonly Size[]): Tensor {
  if (sameShape(g.shape, shape)) return g;
  const lead = g.rank - shape.length;
  const axes = g.shape.flatMap((size, i) => (i < lead || (shape[i - lead] === 1 && size !== 1) ? [i] : []));
  return reshape(sum(g, axes), shape);
}

/** NumPy's broadcasting rule. Throws `ShapeError`. */
export function broadcastShapes(a: readonly Size[], b: readonly Size[]): Size[] {
  const rank = Math.max(a.length, b.length);
  return Array.from({ length: rank }, (_, i) => {
    const sizeA = a[i - rank + a.length] ?? 1;
    const sizeB = b[i - rank + b.length] ?? 1;
    if (sizeA === sizeB || sizeB === 1) return sizeA;
    if (sizeA === 1) return sizeB;
    throw new ShapeError(
      "shapes do not broadcast",
      `[${a.join(", ")}] with [${b.join(", ")}], axis ${i - rank}: ${sizeA} against ${sizeB}`,
      "make the sizes equal, or one of them 1",
    );
  });
}

/** Whether both have the same sizes in the same order. */
export function sameShape(a: readonly Size[], b: readonly Size[]): boolean {
  return a.length === b.length && a.every((size, i) => size === b[i]);
}

/** Axes counted from the front. Throws `ShapeError` for one that `x` does not have. */
export function positiveAxes(x: { shape: readonly Size[] }, axes: readonly number[]): number[] {
  const rank = x.shape.length;
  return axes.map((axis) => {
    if (!Number.isInteger(axis) || axis < -rank || axis >= rank) {
      throw new ShapeError("no such axis", `axis ${axis} of rank ${rank}`, `use -${rank}..${rank - 1}`);
    }
    return axis < 0 ? axis + rank : axis;
  });
}

/** The shape with the given axes kept at size 1. */
export function keptShape(shape: readonly Size[], axes: readonly number[]): Size[] {
  return shape.map((size, i) => (axes.includes(i) ? 1 : size));
}

/** The type of a reduction of `x` over `axes`. */
export function reducedType(x: TensorType, { axes, keepDims }: SumAttrs): TensorType {
  return {
    dtype: x.dtype,
    shape: keepDims ? keptShape(x.shape, axes) : x.shape.filter((_, i) => !axes.includes(i)),
  };
}
