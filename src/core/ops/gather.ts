/** Reading and adding by index: closed under differentiation. */
import { defineOp } from "../graph/op.js";
import { type Size, sizeOf } from "../graph/size.js";
import { apply, constant, formatType, ShapeError, type Tensor, type Unnamed } from "../graph/tensor.js";
import { equal } from "./logic.js";
import { positiveAxes, reshape, zeros } from "./movement.js";

/** Slices of `x` along `axis`, in the order of int64 `indices` (any shape). [Gather-13] */
export function gather<S extends string = Unnamed>(x: Tensor, indices: Tensor, axis = 0): Tensor<S> {
  return apply(Gather, [x, indices], { axis: positiveAxes(x, [axis])[0] });
}

export const Gather = defineOp<{ axis: number }>({
  onnx: "Gather",
  type: ([x, indices], { axis }) => ({
    dtype: x.dtype,
    shape: [...x.shape.slice(0, axis), ...indices.shape, ...x.shape.slice(axis + 1)],
  }),
  vjp: ([g], _, [x, indices], { axis }) => {
    if (axis !== 0) {
      throw new ShapeError(
        "gather has a gradient along its first axis only",
        `axis ${axis} of ${formatType(x)}`,
        "transpose the tensor before gathering",
      );
    }
    return [scatterAdd(zeros(x.shape, g.dtype), indices, g), undefined];
  },
  attributes: ({ axis }) => ({ axis }),
  samples: [
    {
      inputs: [{ shape: [4, 3] }, { shape: [2, 3], dtype: "int64", values: [0, 3, 1, 1, 2, 0] }],
      attrs: { axis: 0 },
    },
  ],
});

/**
 * `x` with `updates` added to its rows at int64 `indices`; repeated indices add up.
 * Written as ScatterND with a last axis of one, which was the fastest form on the CPU; and as ScatterElements where several
 * threads would add at once, which meet at repeated indices. [ScatterND-18, ScatterElements-18]
 */
export function scatterAdd<S extends string>(x: Tensor<S>, indices: Tensor, updates: Tensor): Tensor<S> {
  return apply(ScatterND, [x, reshape(indices, [...indices.shape, 1]), updates]);
}

export const ScatterND = defineOp({
  onnx: "ScatterND",
  type: ([x, indices, updates]) => {
    const expected = [...indices.shape.slice(0, -1), ...x.shape.slice(1)];
    if (String(expected) !== String(updates.shape)) {
      throw new ShapeError(
        "updates do not fit their target",
        `${formatType(updates)} into ${formatType(x)} at ${formatType(indices)}`,
        `give updates of shape [${expected.join(", ")}]`,
      );
    }
    return x;
  },
  vjp: ([g], _, [, indices]) => [g, undefined, gather(g, reshape(indices, indices.shape.slice(0, -1)))],
  lower(emit, [x, indices, updates], _, { inputs: [, places, { shape }] }) {
    const lead = places.shape.length - 1;
    const [count, rest] = [sizeOf(shape.slice(0, lead)), shape.slice(lead)];
    const size = sizeOf(shape);
    const { addsInOrder: most = Number.POSITIVE_INFINITY } = emit.kernels;
    if (typeof size !== "number" || size <= most) {
      return emit.node("ScatterND", [x, indices, updates], { reduction: "add" });
    }
    const to = (name: string, operator: string, sizes: readonly Size[]) =>
      emit.node(operator, [name, emit.sizes(sizes)])[0];
    const column = to(indices, "Reshape", [count, ...rest.map(() => 1)]);
    const inputs = [x, to(column, "Expand", [count, ...rest]), to(updates, "Reshape", [count, ...rest])];
    return emit.node("ScatterElements", inputs, { axis: 0, reduction: "add" });
  },
  samples: [
    {
      inputs: [
        { shape: [4, 3] },
        { shape: [5, 1], dtype: "int64", values: [0, 3, 1, 1, 2] },
        { shape: [5, 3] },
      ],
      attrs: {},
    },
  ],
});

interface AxisAttrs {
  axis: number;
}

/** For each position of `indices` (int64, rank of x), the element of x at that index of `axis`. [GatherElements-13] */
export function gatherElements<S extends string = Unnamed>(x: Tensor, indices: Tensor, axis = -1): Tensor<S> {
  return apply(GatherElements, [x, indices], { axis: positiveAxes(x, [axis])[0] });
}

export const GatherElements = defineOp<AxisAttrs>({
  onnx: "GatherElements",
  type: ([x, indices]) => ({ dtype: x.dtype, shape: indices.shape }),
  vjp: ([g], _, [x, indices], { axis }) => [
    scatterElementsAdd(zeros(x.shape, g.dtype), indices, g, axis),
    undefined,
  ],
  attributes: ({ axis }) => ({ axis }),
  samples: [
    { inputs: [{ shape: [3, 4] }, { shape: [3, 1], dtype: "int64", values: [0, 3, 1] }], attrs: { axis: 1 } },
  ],
});

/** `x` with `updates` added at `indices` along `axis`. [ScatterElements-18] */
export function scatterElementsAdd<S extends string>(
  x: Tensor<S>,
  indices: Tensor,
  updates: Tensor,
  axis = -1,
): Tensor<S> {
  return apply(ScatterElements, [x, indices, updates], { axis: positiveAxes(x, [axis])[0] });
}

export const ScatterElements = defineOp<AxisAttrs>({
  onnx: "ScatterElements",
  type: ([x]) => x,
  vjp: ([g], _, [, indices], { axis }) => [g, undefined, gatherElements(g, indices, axis)],
  attributes: ({ axis }) => ({ axis, reduction: "add" }),
  samples: [
    {
      inputs: [
        { shape: [3, 4] },
        { shape: [3, 2], dtype: "int64", values: [0, 3, 1, 1, 2, 0] },
        { shape: [3, 2] },
      ],
      attrs: { axis: 1 },
    },
  ],
});

/** 1 where the class index (int64) equals the position along a new last axis of `depth`, else 0 (bool). */
export function oneHot<S extends string = Unnamed>(indices: Tensor, depth: number): Tensor<S> {
  const classes = constant(
    Array.from({ length: depth }, (_, i) => i),
    [depth],
    "int64",
  );
  return equal(reshape(indices, [...indices.shape, 1]), classes);
}
