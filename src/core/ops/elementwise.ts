/** Elementwise operators. Binary ones broadcast as NumPy does; a number stands for a scalar tensor. */
import { type DType, dtypes } from "../graph/dtype.js";
import { defineOp, type Sample } from "../graph/op.js";
import { apply, type Tensor, type TensorType } from "../graph/tensor.js";
import { exactSine } from "./exact-sine.js";
import {
  apart,
  applyBinary,
  commonType,
  greaterOrEqual,
  lessOrEqual,
  type Named,
  type Operand,
} from "./logic.js";
import { broadcastShapes, sumTo } from "./movement.js";

type None = Record<string, never>;

const same = ([x]: readonly TensorType[]): TensorType => x;
const unary: Sample<None>[] = [{ inputs: [{ shape: [2, 3] }], attrs: {} }];
const positive: Sample<None>[] = [{ inputs: [{ shape: [2, 3], range: [0.3, 2] }], attrs: {} }];
/** Away from the points where the operator is not differentiable. */
const awayFromZero: Sample<None>[] = [
  { inputs: [{ shape: [2, 2], values: [-1.3, -0.4, 0.6, 1.7] }], attrs: {} },
];

/** Elementwise -x. [Neg-13] */
export function neg<S extends string>(x: Tensor<S>): Tensor<S> {
  return apply(Neg, [x]);
}
export const Neg = defineOp({
  onnx: "Neg",
  type: same,
  vjp: ([g]) => [neg(g)],
  fold: (x) => -x,
  samples: unary,
});

/** Elementwise |x|. [Abs-13] */
export function abs<S extends string>(x: Tensor<S>): Tensor<S> {
  return apply(Abs, [x]);
}
export const Abs = defineOp({
  onnx: "Abs",
  type: same,
  vjp: ([g], _, [x]) => [mul(g, sign(x))],
  fold: Math.abs,
  samples: awayFromZero,
});

/** Elementwise -1, 0 or 1; its gradient is zero. [Sign-13] */
export function sign<S extends string>(x: Tensor<S>): Tensor<S> {
  return apply(Sign, [x]);
}
export const Sign = defineOp({
  onnx: "Sign",
  type: same,
  vjp: () => [undefined],
  lower: (emit, [x], _, { inputs: [{ dtype }] }) => {
    if (!emit.kernels.lacks?.has("Sign")) return emit.node("Sign", [x]);
    const zero = emit.filled(0, dtype);
    const is = (comparison: string) =>
      emit.node("Cast", emit.node(comparison, [x, zero]), { to: dtypes[dtype].onnx });
    return emit.node("Sub", [...is("Greater"), ...is("Less")]);
  },
  fold: Math.sign,
  samples: awayFromZero,
});

/** Elementwise largest whole number not above x; its gradient is zero. [Floor-13] */
export function floor<S extends string>(x: Tensor<S>): Tensor<S> {
  return apply(Floor, [x]);
}
export const Floor = defineOp({
  onnx: "Floor",
  type: same,
  vjp: () => [undefined],
  fold: Math.floor,
  samples: awayFromZero,
});

/** Elementwise e^x. [Exp-13] */
export function exp<S extends string>(x: Tensor<S>): Tensor<S> {
  return apply(Exp, [x]);
}
export const Exp = defineOp({
  onnx: "Exp",
  type: same,
  vjp: ([g], [y]) => [mul(g, y)],
  fold: Math.exp,
  samples: unary,
});

/** Elementwise natural logarithm. [Log-13] */
export function log<S extends string>(x: Tensor<S>): Tensor<S> {
  return apply(Log, [x]);
}
export const Log = defineOp({
  onnx: "Log",
  type: same,
  vjp: ([g], _, [x]) => [div(g, x)],
  fold: Math.log,
  samples: positive,
});

/** Elementwise square root. [Sqrt-13] */
export function sqrt<S extends string>(x: Tensor<S>): Tensor<S> {
  return apply(Sqrt, [x]);
}
export const Sqrt = defineOp({
  onnx: "Sqrt",
  type: same,
  vjp: ([g], [y]) => [div(mul(g, 0.5), y)],
  fold: Math.sqrt,
  samples: positive,
});

/** Elementwise 1 / x. [Reciprocal-13] */
export function reciprocal<S extends string>(x: Tensor<S>): Tensor<S> {
  return apply(Reciprocal, [x]);
}
export const Reciprocal = defineOp({
  onnx: "Reciprocal",
  type: same,
  vjp: ([g], [y]) => [neg(mul(g, mul(y, y)))],
  fold: (x) => 1 / x,
  samples: positive,
});

/** Elementwise sine, in radians. [Sin-7] */
export function sin<S extends string>(x: Tensor<S>): Tensor<S> {
  return apply(Sin, [x]);
}
export const Sin = defineOp({
  onnx: "Sin",
  type: same,
  lower: (emit, [x], _, { inputs: [{ dtype }] }) =>
    emit.kernels.lacks?.has("Sin") ? exactSine(emit, x, dtype, "Sin") : emit.node("Sin", [x]),
  vjp: ([g], _, [x]) => [mul(g, cos(x))],
  fold: Math.sin,
  samples: unary,
});

/** Elementwise cosine, in radians. [Cos-7] */
export function cos<S extends string>(x: Tensor<S>): Tensor<S> {
  return apply(Cos, [x]);
}
export const Cos = defineOp({
  onnx: "Cos",
  type: same,
  lower: (emit, [x], _, { inputs: [{ dtype }] }) =>
    emit.kernels.lacks?.has("Cos") ? exactSine(emit, x, dtype, "Cos") : emit.node("Cos", [x]),
  vjp: ([g], _, [x]) => [neg(mul(g, sin(x)))],
  fold: Math.cos,
  samples: unary,
});

/** Elementwise hyperbolic tangent. [Tanh-13] */
export function tanh<S extends string>(x: Tensor<S>): Tensor<S> {
  return apply(Tanh, [x]);
}
export const Tanh = defineOp({
  onnx: "Tanh",
  type: same,
  vjp: ([g], [y]) => [mul(g, sub(1, mul(y, y)))],
  fold: Math.tanh,
  samples: unary,
});

/** Elementwise 1 / (1 + e^-x). [Sigmoid-13] */
export function sigmoid<S extends string>(x: Tensor<S>): Tensor<S> {
  return apply(Sigmoid, [x]);
}
export const Sigmoid = defineOp({
  onnx: "Sigmoid",
  type: same,
  vjp: ([g], [y]) => [mul(g, mul(y, sub(1, y)))],
  fold: (x) => 1 / (1 + Math.exp(-x)),
  samples: unary,
});

/** Elementwise error function. [Erf-13] */
export function erf<S extends string>(x: Tensor<S>): Tensor<S> {
  return apply(Erf, [x]);
}
export const Erf = defineOp({
  onnx: "Erf",
  type: same,
  vjp: ([g], _, [x]) => [mul(g, mul(exp(neg(mul(x, x))), 2 / Math.sqrt(Math.PI)))],
  samples: unary,
});

/** Elementwise max(x, 0). [Relu-14] */
export function relu<S extends string>(x: Tensor<S>): Tensor<S> {
  return apply(Relu, [x]);
}
export const Relu = defineOp({
  onnx: "Relu",
  type: same,
  vjp: ([g], _, [x]) => [mul(g, heaviside(x))],
  fold: (x) => Math.max(x, 0),
  samples: awayFromZero,
});

/**
 * Elementwise 1 where x > 0, else 0; its gradient is zero. Written as a sigmoid so hard that only numbers below
 * 3e-39 fall on its slope: one pass, where a comparison and a cast take two. [HardSigmoid-22]
 */
export function heaviside<S extends string>(x: Tensor<S>): Tensor<S> {
  return apply(Heaviside, [x]);
}
export const Heaviside = defineOp({
  onnx: "HardSigmoid",
  type: same,
  vjp: () => [undefined],
  lower: (emit, [x], _, { inputs: [{ dtype }] }) => {
    // The CPU has no kernel for other types.
    if (dtype === "float32" && !emit.kernels.lacks?.has("HardSigmoid"))
      return emit.node("HardSigmoid", [x], { alpha: { float: 3.4e38 }, beta: { float: 0 } });
    return emit.node("Cast", emit.node("Greater", [x, emit.filled(0, dtype)]), { to: dtypes[dtype].onnx });
  },
  fold: (x) => Number(x > 0),
  samples: awayFromZero,
});

/** The same values as another element type; float to float passes the gradient. [Cast-13] */
export function cast<S extends string>(x: Tensor<S>, to: DType): Tensor<S> {
  return x.dtype === to ? x : apply(Cast, [x], { to });
}
export const Cast = defineOp<{ to: DType }>({
  onnx: "Cast",
  type: ([x], { to }) => ({ dtype: to, shape: x.shape }),
  vjp: ([g], _, [x]) => [dtypes[x.dtype].float ? cast(g, x.dtype) : undefined],
  attributes: ({ to }) => ({ to: dtypes[to].onnx }),
  samples: [{ inputs: [{ shape: [2, 3] }], attrs: { to: "float32" } }],
});

const arithmetic = ([a, b]: readonly TensorType[]): TensorType => ({
  dtype: commonType(a, b),
  shape: broadcastShapes(a.shape, b.shape),
});
const binary: Sample<None>[] = [
  { inputs: [{ shape: [2, 3] }, { shape: [2, 3] }], attrs: {} },
  { inputs: [{ shape: [2, 3] }, { shape: [3] }], attrs: {} },
  { inputs: [{ shape: [2, 1, 3] }, { shape: [4, 1] }], attrs: {} },
  { inputs: [{ shape: [] }, { shape: [2, 2] }], attrs: {} },
];
const divisors: Sample<None>[] = [
  { inputs: [{ shape: [2, 3] }, { shape: [2, 3], range: [0.5, 2] }], attrs: {} },
  { inputs: [{ shape: [2, 3] }, { shape: [3], range: [0.5, 2] }], attrs: {} },
];

/** a + b. [Add-14] */
export function add<A extends Operand, B extends Operand>(a: A, b: B): Tensor<Named<A, B>> {
  return applyBinary(Add, a, b);
}
export const Add = defineOp({
  onnx: "Add",
  type: arithmetic,
  vjp: ([g], _, [a, b]) => [sumTo(g, a.shape), sumTo(g, b.shape)],
  fold: (a, b) => a + b,
  neutral: { value: 0, commutes: true },
  samples: binary,
});

/** a - b. [Sub-14] */
export function sub<A extends Operand, B extends Operand>(a: A, b: B): Tensor<Named<A, B>> {
  return applyBinary(Sub, a, b);
}
export const Sub = defineOp({
  onnx: "Sub",
  type: arithmetic,
  vjp: ([g], _, [a, b]) => [sumTo(g, a.shape), neg(sumTo(g, b.shape))],
  fold: (a, b) => a - b,
  neutral: { value: 0, commutes: false },
  samples: binary,
});

/** a * b. [Mul-14] */
export function mul<A extends Operand, B extends Operand>(a: A, b: B): Tensor<Named<A, B>> {
  return applyBinary(Mul, a, b);
}
export const Mul = defineOp({
  onnx: "Mul",
  type: arithmetic,
  vjp: ([g], _, [a, b]) => [sumTo(mul(g, b), a.shape), sumTo(mul(g, a), b.shape)],
  fold: (a, b) => a * b,
  neutral: { value: 1, commutes: true },
  samples: binary,
});

/** a / b. [Div-14] */
export function div<A extends Operand, B extends Operand>(a: A, b: B): Tensor<Named<A, B>> {
  return applyBinary(Div, a, b);
}
export const Div = defineOp({
  onnx: "Div",
  type: arithmetic,
  vjp: ([g], [y], [a, b]) => {
    const da = div(g, b);
    return [sumTo(da, a.shape), neg(sumTo(mul(da, y), b.shape))];
  },
  fold: (a, b) => a / b,
  neutral: { value: 1, commutes: false },
  samples: divisors,
});

/** a to the power b; a must be positive where b is not whole, and for b's gradient. [Pow-15] */
export function pow<A extends Operand, B extends Operand>(a: A, b: B): Tensor<Named<A, B>> {
  return applyBinary(Pow, a, b);
}
export const Pow = defineOp({
  onnx: "Pow",
  type: arithmetic,
  vjp: ([g], [y], [a, b]) => [
    sumTo(mul(g, mul(b, pow(a, sub(b, 1)))), a.shape),
    sumTo(mul(g, mul(y, log(a))), b.shape),
  ],
  fold: (a, b) => a ** b,
  samples: [
    {
      inputs: [
        { shape: [2, 3], range: [0.3, 2] },
        { shape: [3], range: [0.5, 3] },
      ],
      attrs: {},
    },
  ],
});

/** The larger of a and b; where they are equal the gradient goes to a. [Max-13] */
export function maximum<A extends Operand, B extends Operand>(a: A, b: B): Tensor<Named<A, B>> {
  return applyBinary(Max, a, b);
}
export const Max = defineOp({
  onnx: "Max",
  type: arithmetic,
  vjp: ([g], _, [a, b]) => chosen(g, a, b, greaterOrEqual(a, b)),
  fold: Math.max,
  samples: apart,
});

/** The smaller of a and b; where they are equal the gradient goes to a. [Min-13] */
export function minimum<A extends Operand, B extends Operand>(a: A, b: B): Tensor<Named<A, B>> {
  return applyBinary(Min, a, b);
}
export const Min = defineOp({
  onnx: "Min",
  type: arithmetic,
  vjp: ([g], _, [a, b]) => chosen(g, a, b, lessOrEqual(a, b)),
  fold: Math.min,
  samples: apart,
});

function chosen(g: Tensor, a: Tensor, b: Tensor, first: Tensor): Tensor[] {
  const mask = cast(first, g.dtype);
  return [sumTo(mul(g, mask), a.shape), sumTo(mul(g, sub(1, mask)), b.shape)];
}
