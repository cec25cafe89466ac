/** Reductions beside sum, and running sums. */
import { defineOp, type Op } from "../graph/op.js";
import { divideSizes, known, sizeOf } from "../graph/size.js";
import { apply, type Tensor, type Unnamed } from "../graph/tensor.js";
import { add, cast, div, exp, log, mul, sub } from "./elementwise.js";
import { equal } from "./logic.js";
import { expand, keptShape, positiveAxes, reducedType, reshape, sum } from "./movement.js";

interface ReduceAttrs {
  axes: readonly number[];
  keepDims: boolean;
}

const allAxes = (x: Tensor) => x.shape.map((_, i) => i);

function overAxes(
  op: Op<ReduceAttrs>,
  x: Tensor,
  axes: readonly number[] = allAxes(x),
  { keepDims = false } = {},
): Tensor {
  return axes.length === 0 ? x : apply(op, [x], { axes: positiveAxes(x, axes), keepDims });
}

/** Mean over axes (default: all). [ReduceMean-18] */
export function mean<S extends string = Unnamed>(
  x: Tensor,
  axes?: readonly number[],
  options?: { keepDims?: boolean },
): Tensor<S> {
  return overAxes(ReduceMean, x, axes, options);
}

export const ReduceMean = defineOp<ReduceAttrs>({
  onnx: "ReduceMean",
  type: ([x], attrs) => reducedType(x, attrs),
  vjp: ([g], [y], [x], { axes }) => {
    const count = known(divideSizes(x.size, y.size));
    return [mul(expand(reshape(g, keptShape(x.shape, axes)), x.shape), 1 / count)];
  },
  lower: (emit, [x], { axes, keepDims }) =>
    emit.node("ReduceMean", [x, emit.sizes(axes)], { keepdims: keepDims ? 1 : 0 }),
  samples: [
    { inputs: [{ shape: [2, 3, 4] }], attrs: { axes: [2], keepDims: true } },
    { inputs: [{ shape: [2, 3] }], attrs: { axes: [0, 1], keepDims: false } },
  ],
});

/** Largest element over axes (default: all); equal largest ones share the gradient. [ReduceMax-18] */
export function max<S extends string = Unnamed>(
  x: Tensor,
  axes?: readonly number[],
  options?: { keepDims?: boolean },
): Tensor<S> {
  return overAxes(ReduceMax, x, axes, options);
}

/** Smallest element over axes (default: all); equal smallest ones share the gradient. [ReduceMin-20] */
export function min<S extends string = Unnamed>(
  x: Tensor,
  axes?: readonly number[],
  options?: { keepDims?: boolean },
): Tensor<S> {
  return overAxes(ReduceMin, x, axes, options);
}

/** The reduction to an extreme; the samples' elements are far enough apart for finite differences. */
const extreme = (onnx: string) =>
  defineOp<ReduceAttrs>({
    onnx,
    type: ([x], attrs) => reducedType(x, attrs),
    vjp: ([g], [y], [x], { axes }) => {
      const kept = keptShape(x.shape, axes);
      const hit = cast(equal(x, reshape(y, kept)), x.dtype);
      const share = div(reshape(g, kept), sum(hit, axes, { keepDims: true }));
      return [mul(hit, share)];
    },
    lower: (emit, [x], { axes, keepDims }) =>
      emit.node(onnx, [x, emit.sizes(axes)], { keepdims: keepDims ? 1 : 0 }),
    samples: [
      {
        inputs: [{ shape: [2, 3], values: [0.3, -1.2, 0.9, 2.1, 1.4, -0.5] }],
        attrs: { axes: [1], keepDims: false },
      },
    ],
  });

export const ReduceMax = extreme("ReduceMax");
export const ReduceMin = extreme("ReduceMin");

/** Sum of squares over axes (default: all). [ReduceSumSquare-18] */
export function sumSquare<S extends string = Unnamed>(
  x: Tensor,
  axes: readonly number[] = allAxes(x),
  { keepDims = false } = {},
): Tensor<S> {
  if (axes.length === 0) return mul(x, x);
  return apply(ReduceSumSquare, [x], { axes: positiveAxes(x, axes), keepDims });
}

export const ReduceSumSquare = defineOp<ReduceAttrs>({
  onnx: "ReduceSumSquare",
  type: ([x], attrs) => reducedType(x, attrs),
  vjp: ([g], _, [x], { axes }) => [mul(mul(x, 2), reshape(g, keptShape(x.shape, axes)))],
  lower: (emit, [x], { axes, keepDims }) =>
    emit.node("ReduceSumSquare", [x, emit.sizes(axes)], { keepdims: keepDims ? 1 : 0 }),
  samples: [{ inputs: [{ shape: [2, 3] }], attrs: { axes: [1], keepDims: true } }],
});

/** log of the sum of e^x over axes, without overflow. */
export function logSumExp<S extends string = Unnamed>(x: Tensor, axes: readonly number[]): Tensor<S> {
  const top = max(x, axes, { keepDims: true });
  const shifted = sum(exp(sub(x, top)), axes);
  return add(log(shifted), reshape(top, shifted.shape));
}

/** Index (int64) of the first largest element along an axis, which is removed. [ArgMax-13] */
export function argmax<S extends string = Unnamed>(x: Tensor, axis = -1): Tensor<S> {
  return apply(ArgMax, [x], { axis: positiveAxes(x, [axis])[0] });
}

export const ArgMax = defineOp<{ axis: number }>({
  onnx: "ArgMax",
  type: ([x], { axis }) => ({ dtype: "int64", shape: x.shape.toSpliced(axis, 1) }),
  attributes: ({ axis }) => ({ axis, keepdims: 0 }),
  samples: [{ inputs: [{ shape: [2, 5] }], attrs: { axis: 1 } }],
});

interface CumSumAttrs {
  axis: number;
  reverse: boolean;
}

/** Running sum along an axis, from its end when `reverse`. [CumSum-14] */
export function cumsum<S extends string>(x: Tensor<S>, axis: number, { reverse = false } = {}): Tensor<S> {
  return apply(CumSum, [x], { axis: positiveAxes(x, [axis])[0], reverse });
}

export const CumSum = defineOp<CumSumAttrs>({
  onnx: "CumSum",
  type: ([x]) => x,
  vjp: ([g], _y, _x, { axis, reverse }) => [cumsum(g, axis, { reverse: !reverse })],
  lower: (emit, [x], { axis, reverse }) =>
    emit.node("CumSum", [x, emit.filled(axis, "int64")], { reverse: reverse ? 1 : 0 }),
  samples: [{ inputs: [{ shape: [2, 4] }], attrs: { axis: 1, reverse: false } }],
});

/** Mean and (biased) variance over axes, kept at size 1. */
export function moments(x: Tensor, axes: readonly number[]): { mean: Tensor; variance: Tensor } {
  const center = mean(x, axes, { keepDims: true });
  const count = known(sizeOf(positiveAxes(x, axes).map((axis) => x.shape[axis])));
  return { mean: center, variance: mul(sumSquare(sub(x, center), axes, { keepDims: true }), 1 / count) };
}
