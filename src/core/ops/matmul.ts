/** Matrix products. */
import { defineOp, type Emitter, type Node } from "../graph/op.js";
import {
  apply,
  formatType,
  ShapeError,
  type Tensor,
  type TensorType,
  type Unnamed,
} from "../graph/tensor.js";
import { broadcastShapes, sumTo, transpose } from "./movement.js";

/** Product over the last two axes; the axes before them broadcast. [MatMul-13] */
export function matmul<S extends string = Unnamed>(a: Tensor, b: Tensor): Tensor<S> {
  return apply(MatMul, [a, b]);
}

export const MatMul = defineOp({
  onnx: "MatMul",
  type: ([a, b]) => {
    const inner = a.shape.at(-1);
    const fits = a.shape.length >= 2 && b.shape.length >= 2 && inner === b.shape.at(-2);
    if (!fits || a.dtype !== b.dtype) throw mismatch(a, b);
    const batch = broadcastShapes(a.shape.slice(0, -2), b.shape.slice(0, -2));
    return { dtype: a.dtype, shape: [...batch, a.shape.at(-2)!, b.shape.at(-1)!] };
  },
  vjp: ([g], _, [a, b]) => [sumTo(matmul(g, swapLast(b)), a.shape), sumTo(matmul(swapLast(a), g), b.shape)],
  samples: [
    { inputs: [{ shape: [2, 3] }, { shape: [3, 4] }], attrs: {} },
    { inputs: [{ shape: [2, 2, 3] }, { shape: [2, 3, 4] }], attrs: {} },
    { inputs: [{ shape: [2, 1, 2, 3] }, { shape: [5, 3, 2] }], attrs: {} },
  ],
});

/** Exchanges the last two axes; ONNX Runtime folds it into the product that reads it. */
export function swapLast<S extends string = Unnamed>(x: Tensor): Tensor<S> {
  const n = x.rank;
  return transpose(x, [...x.shape.keys()].slice(0, -2).concat(n - 1, n - 2));
}

interface GemmAttrs {
  transA: boolean;
  transB: boolean;
}

/**
 * op(a) @ op(b) + c for matrices, where op transposes when asked: the fast path for weights in either
 * layout. `c` broadcasts to the result. [Gemm-13]
 */
export function gemm<S extends string = Unnamed>(
  a: Tensor,
  b: Tensor,
  { transA = false, transB = false, c }: Partial<GemmAttrs> & { c?: Tensor } = {},
): Tensor<S> {
  return apply(Gemm, c ? [a, b, c] : [a, b], { transA, transB });
}

export const Gemm = defineOp<GemmAttrs>({
  onnx: "Gemm",
  type: ([a, b, c], { transA, transB }) => {
    const [m, k] = transA ? a.shape.toReversed() : a.shape;
    const [k2, n] = transB ? b.shape.toReversed() : b.shape;
    const fits = a.shape.length === 2 && b.shape.length === 2 && k === k2;
    if (!fits || a.dtype !== b.dtype) throw mismatch(a, b);
    if (c) broadcastShapes([m, n], c.shape);
    return { dtype: a.dtype, shape: [m, n] };
  },
  vjp: ([g], _, [a, b, c], { transA, transB }) => [
    transA ? gemm(b, g, { transA: transB, transB: true }) : gemm(g, b, { transB: !transB }),
    transB ? gemm(g, a, { transA: true, transB: transA }) : gemm(a, g, { transA: !transA }),
    ...(c ? [sumTo(g, c.shape)] : []),
  ],
  lower: (emit, inputs, attrs, node) =>
    transposedApart(emit, inputs, attrs, node) ?? plainGemm(emit, inputs, attrs),
  samples: [
    { inputs: [{ shape: [2, 3] }, { shape: [3, 4] }], attrs: { transA: false, transB: false } },
    {
      inputs: [{ shape: [3, 2] }, { shape: [3, 4] }, { shape: [4] }],
      attrs: { transA: true, transB: false },
    },
    {
      inputs: [{ shape: [2, 3] }, { shape: [4, 3] }, { shape: [2, 4] }],
      attrs: { transA: false, transB: true },
    },
    { inputs: [{ shape: [3, 2] }, { shape: [4, 3] }], attrs: { transA: true, transB: true } },
  ],
});

function plainGemm(emit: Emitter, inputs: readonly string[], { transA, transB }: GemmAttrs): string[] {
  return emit.node("Gemm", inputs, { transA: transA ? 1 : 0, transB: transB ? 1 : 0 });
}

/** Narrower products gain nothing. */
const leastTransposed = { rows: 64, columns: 384 };

/**
 * A^T B with a copy of A^T, or of B^T in (B^T A)^T, whichever is smaller: the CPU's product would transpose A again
 * for every 128 columns of B. Undefined where that does not pay.
 */
function transposedApart(
  emit: Emitter,
  [a, b, c]: readonly string[],
  { transA, transB }: GemmAttrs,
  { inputs, types }: Node,
): string[] | undefined {
  const sizes = [...inputs[0].shape, types[0].shape[1]];
  const pays =
    emit.kernels.transposesOften && transA && !transB && !c && sizes.every((n) => typeof n === "number");
  if (!pays) return undefined;
  const [k, m, n] = sizes as number[];
  if (Math.min(m, n) < leastTransposed.rows || Math.max(m, n) < leastTransposed.columns) return undefined;
  if (m <= n) return emit.node("Gemm", [transposed(emit, a, [k, m]), b]);
  const [y] = emit.node("Gemm", [transposed(emit, b, [k, n]), a]);
  return [transposed(emit, y, [n, m])];
}

/** A copy of a matrix, transposed; between reshapes ONNX Runtime does not fold it into the product again. */
function transposed(emit: Emitter, x: string, [rows, columns]: readonly number[]): string {
  const lifted = emit.node("Reshape", [x, emit.sizes([1, rows, columns])]);
  const turned = emit.node("Transpose", lifted, { perm: [0, 2, 1] });
  return emit.node("Reshape", [turned[0], emit.sizes([columns, rows])])[0];
}

function mismatch(a: TensorType, b: TensorType): ShapeError {
  return new ShapeError(
    "matrices do not fit each other",
    `${formatType(a)} times ${formatType(b)}`,
    "the last axis of the first must equal the second last of the second, and the types be the same",
  );
}
