/** Slice, pad, concatenate and split: closed under differentiation. */
import { defineOp } from "../graph/op.js";
import { addSizes, known, type Size, subtractSizes } from "../graph/size.js";
import { apply, applyAll, formatType, ShapeError, type Tensor, type Unnamed } from "../graph/tensor.js";
import { positiveAxes, reshape, zeros } from "./movement.js";

interface SliceAttrs {
  axis: number;
  start: Size;
  end: Size;
}

/** Elements start (inclusive) to end (exclusive; default the axis' end) of one axis. [Slice-13] */
export function slice<S extends string = Unnamed>(
  x: Tensor,
  axis: number,
  start: Size,
  end?: Size,
): Tensor<S> {
  const at = positiveAxes(x, [axis])[0];
  const stop = end ?? x.shape[at];
  return start === 0 && stop === x.shape[at] ? x : apply(Slice, [x], { axis: at, start, end: stop });
}

export const Slice = defineOp<SliceAttrs>({
  onnx: "Slice",
  type: ([x], { axis, start, end }) => {
    const length = subtractSizes(end, start);
    const rest = subtractSizes(x.shape[axis], end);
    if ([start, length, rest].some((n) => typeof n === "number" && n < 0)) {
      throw new ShapeError(
        "a slice lies outside its axis",
        `${start}..${end} of axis ${axis} of ${formatType(x)}`,
        "choose 0 <= start <= end <= the axis' size",
      );
    }
    return { dtype: x.dtype, shape: x.shape.with(axis, length) };
  },
  vjp: ([g], _, [x], { axis, start, end }) => [pad(g, axis, start, subtractSizes(x.shape[axis], end))],
  lower: (emit, [x], { axis, start, end }) =>
    emit.node("Slice", [x, emit.sizes([start]), emit.sizes([end]), emit.sizes([axis])]),
  samples: [{ inputs: [{ shape: [2, 5] }], attrs: { axis: 1, start: 1, end: 4 } }],
});

interface PadAttrs {
  axis: number;
  before: Size;
  after: Size;
}

/** Adds zeros before and after one axis; a negative number takes elements away. [Pad-18] */
export function pad<S extends string = Unnamed>(
  x: Tensor,
  axis: number,
  before: Size,
  after: Size,
): Tensor<S> {
  if (before === 0 && after === 0) return x;
  return apply(Pad, [x], { axis: positiveAxes(x, [axis])[0], before, after });
}

export const Pad = defineOp<PadAttrs>({
  onnx: "Pad",
  type: ([x], { axis, before, after }) => ({
    dtype: x.dtype,
    shape: x.shape.with(axis, addSizes(addSizes(before, x.shape[axis]), after)),
  }),
  vjp: ([g], _, _x, { axis, before, after }) => [
    pad(g, axis, subtractSizes(0, before), subtractSizes(0, after)),
  ],
  // All axes are named, in order: ONNX Runtime's transpose optimizer reads `pads` as if they were, and its
  // pad fusion, which takes a padded kernel for a padded image, leaves a Pad with axes alone.
  lower: (emit, [x], { axis, before, after }, node) => {
    const axes = [...node.types[0].shape.keys()];
    const pads = [before, after].flatMap((size) => axes.map((at) => (at === axis ? size : 0)));
    return emit.node("Pad", [x, emit.sizes(pads), "", emit.sizes(axes)]);
  },
  samples: [
    { inputs: [{ shape: [2, 3] }], attrs: { axis: 1, before: 1, after: 2 } },
    { inputs: [{ shape: [5, 2] }], attrs: { axis: 0, before: 2, after: -1 } },
    { inputs: [{ shape: [2, 4, 3] }], attrs: { axis: 1, before: -1, after: -2 } },
  ],
});

/** Joins tensors along one axis; their other axes are equal. [Concat-13] */
export function concat<S extends string = Unnamed>(parts: readonly Tensor[], axis: number): Tensor<S> {
  return parts.length === 1 ? parts[0] : apply(Concat, parts, { axis: positiveAxes(parts[0], [axis])[0] });
}

export const Concat = defineOp<{ axis: number }>({
  onnx: "Concat",
  type: (parts, { axis }) => {
    const [{ dtype, shape }] = parts;
    for (const part of parts) {
      const fits =
        part.shape.length === shape.length && part.shape.every((s, i) => i === axis || s === shape[i]);
      if (!fits || part.dtype !== dtype) {
        throw new ShapeError(
          "tensors cannot be joined",
          `${parts.map(formatType).join(" and ")} along axis ${axis}`,
          "make all other axes and the element types equal",
        );
      }
    }
    return { dtype, shape: shape.with(axis, parts.map((p) => p.shape[axis]).reduce(addSizes)) };
  },
  vjp: ([g], _, parts, { axis }) => {
    let start: Size = 0;
    return [...parts].map((part) => {
      const end = addSizes(start, part.shape[axis]);
      const share = slice(g, axis, start, end);
      start = end;
      return share;
    });
  },
  attributes: ({ axis }) => ({ axis }),
  samples: [{ inputs: [{ shape: [2, 3] }, { shape: [2, 1] }, { shape: [2, 2] }], attrs: { axis: 1 } }],
});

/** Cuts an axis into pieces: so many equal ones, or of these sizes. [Split-18] */
export function split(x: Tensor, parts: number | readonly number[], axis: number): Tensor[] {
  const at = positiveAxes(x, [axis])[0];
  const length = known(x.shape[at]);
  const sizes = typeof parts === "number" ? Array<number>(parts).fill(length / parts) : parts;
  const areSizes = sizes.every((size) => Number.isInteger(size) && size >= 0);
  if (!areSizes || sizes.reduce((a, b) => a + b, 0) !== length) {
    throw new ShapeError(
      "an axis does not split into these pieces",
      `axis ${axis} of ${formatType(x)} in ${typeof parts === "number" ? `${parts} parts` : `[${parts}]`}`,
      "choose a number of parts that divides it, or sizes whose sum it is",
    );
  }
  return applyAll(Split, [x], { axis: at, sizes });
}

export const Split = defineOp<{ axis: number; sizes: readonly number[] }>({
  onnx: "Split",
  type: ([x], { axis, sizes }) => sizes.map((size) => ({ dtype: x.dtype, shape: x.shape.with(axis, size) })),
  vjp: (dy, y, _, { axis }) => {
    const pieces = Array.from(y, (piece, k) => dy[k] ?? zeros(piece.shape, piece.dtype));
    return [concat(pieces, axis)];
  },
  lower: (emit, [x], { axis, sizes }) =>
    new Set(sizes).size === 1
      ? emit.node("Split", [x], { axis, num_outputs: sizes.length }, sizes.length)
      : emit.node("Split", [x, emit.sizes(sizes)], { axis }, sizes.length),
  variadic: true,
  samples: [
    { inputs: [{ shape: [2, 6] }], attrs: { axis: 1, sizes: [2, 2, 2] } },
    { inputs: [{ shape: [2, 6] }], attrs: { axis: 1, sizes: [1, 3, 2] } },
  ],
});

/** Stacks tensors of one shape along a new axis. */
export function stack<S extends string = Unnamed>(parts: readonly Tensor[], axis = 0): Tensor<S> {
  const lifted = parts.map((p) => reshape(p, p.shape.toSpliced(axis, 0, 1)));
  return concat(lifted, axis);
}
