/** Comparisons, truth values and choice. Binary operators broadcast; a number stands for a scalar tensor. */
import type { DType } from "../graph/dtype.js";
import { defineOp, type Op, type Sample } from "../graph/op.js";
import {
  apply,
  formatType,
  ShapeError,
  scalar,
  Tensor,
  type TensorType,
  type Unnamed,
} from "../graph/tensor.js";
import { broadcastShapes, sumTo } from "./movement.js";

/** A tensor, or a number that takes its partner's element type. */
export type Operand = Tensor | number;
type None = Record<string, never>;

/** The element type that both have. Throws `ShapeError` when they differ. */
export function commonType(a: TensorType, b: TensorType): DType {
  if (a.dtype === b.dtype) return a.dtype;
  throw new ShapeError(
    "operands have different element types",
    `${formatType(a)} and ${formatType(b)}`,
    "cast one of them",
  );
}

/** Applies a binary operator; a plain number becomes a scalar of the other operand's type. */
export function applyBinary<S extends string>(op: Op, a: Operand, b: Operand): Tensor<S> {
  const dtype = a instanceof Tensor ? a.dtype : b instanceof Tensor ? b.dtype : "float32";
  const tensor = (x: Operand) => (x instanceof Tensor ? x : scalar(x, dtype));
  return apply(op, [tensor(a), tensor(b)]);
}

/** Axis names of a binary operator's result: those of its first tensor. */
export type Named<A, B> = A extends Tensor<infer S> ? S : B extends Tensor<infer S> ? S : Unnamed;

const comparison = ([a, b]: readonly TensorType[]): TensorType => ({
  dtype: commonType(a, b) && "bool",
  shape: broadcastShapes(a.shape, b.shape),
});
/** Pairs that differ, for operators that are not smooth where their operands are equal. */
export const apart: Sample<None>[] = [
  {
    inputs: [
      { shape: [3], values: [0.2, -0.7, 0.9] },
      { shape: [3], values: [0.6, -1.1, -0.3] },
    ],
    attrs: {},
  },
  {
    inputs: [
      { shape: [2, 2], values: [0.2, -0.7, 0.9, 2] },
      { shape: [], values: [0.5] },
    ],
    attrs: {},
  },
];
/** a == b, as bool. [Equal-13] */
export function equal<A extends Operand, B extends Operand>(a: A, b: B): Tensor<Named<A, B>> {
  return applyBinary(Equal, a, b);
}
export const Equal = defineOp({ onnx: "Equal", type: comparison, samples: apart });

/** a < b, as bool. [Less-13] */
export function less<A extends Operand, B extends Operand>(a: A, b: B): Tensor<Named<A, B>> {
  return applyBinary(Less, a, b);
}
export const Less = defineOp({ onnx: "Less", type: comparison, samples: apart });

/** a <= b, as bool. [LessOrEqual-16] */
export function lessOrEqual<A extends Operand, B extends Operand>(a: A, b: B): Tensor<Named<A, B>> {
  return applyBinary(LessOrEqual, a, b);
}
export const LessOrEqual = defineOp({ onnx: "LessOrEqual", type: comparison, samples: apart });

/** a > b, as bool. [Greater-13] */
export function greater<A extends Operand, B extends Operand>(a: A, b: B): Tensor<Named<A, B>> {
  return applyBinary(Greater, a, b);
}
export const Greater = defineOp({ onnx: "Greater", type: comparison, samples: apart });

/** a >= b, as bool. [GreaterOrEqual-16] */
export function greaterOrEqual<A extends Operand, B extends Operand>(a: A, b: B): Tensor<Named<A, B>> {
  return applyBinary(GreaterOrEqual, a, b);
}
export const GreaterOrEqual = defineOp({ onnx: "GreaterOrEqual", type: comparison, samples: apart });

const truths: Sample<None>[] = [
  {
    inputs: [
      { shape: [4], dtype: "bool", values: [0, 0, 1, 1] },
      { shape: [4], dtype: "bool", values: [0, 1, 0, 1] },
    ],
    attrs: {},
  },
];

/** Logical and of two bool tensors. [And-7] */
export function and<S extends string>(a: Tensor<S>, b: Tensor): Tensor<S> {
  return apply(And, [a, b]);
}
export const And = defineOp({ onnx: "And", type: comparison, samples: truths });

/** Logical or of two bool tensors. [Or-7] */
export function or<S extends string>(a: Tensor<S>, b: Tensor): Tensor<S> {
  return apply(Or, [a, b]);
}
export const Or = defineOp({ onnx: "Or", type: comparison, samples: truths });

/** Logical not of a bool tensor. [Not-1] */
export function not<S extends string>(x: Tensor<S>): Tensor<S> {
  return apply(Not, [x]);
}
export const Not = defineOp({
  onnx: "Not",
  type: ([x]) => x,
  samples: [{ inputs: [{ shape: [2], dtype: "bool", values: [0, 1] }], attrs: {} }],
});

/** a where `condition` (bool) holds, else b. [Where-16] */
export function where<S extends string = Unnamed>(condition: Tensor, a: Operand, b: Operand): Tensor<S> {
  const dtype = a instanceof Tensor ? a.dtype : b instanceof Tensor ? b.dtype : "float32";
  const tensor = (x: Operand) => (x instanceof Tensor ? x : scalar(x, dtype));
  return apply(Where, [condition, tensor(a), tensor(b)]);
}
export const Where = defineOp({
  onnx: "Where",
  type: ([condition, a, b]) => ({
    dtype: commonType(a, b),
    shape: broadcastShapes(condition.shape, broadcastShapes(a.shape, b.shape)),
  }),
  vjp: ([g], _, [condition, a, b]) => [
    undefined,
    sumTo(where(condition, g, 0), a.shape),
    sumTo(where(condition, 0, g), b.shape),
  ],
  samples: [
    {
      inputs: [{ shape: [3], dtype: "bool", values: [1, 0, 1] }, { shape: [2, 3] }, { shape: [] }],
      attrs: {},
    },
  ],
});
