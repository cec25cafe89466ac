/** Making tensors: applying operators, inputs, constants. */
import { AutodidactError } from "../errors.js";
import { type DType, type TypedArray, typedArray } from "./dtype.js";
import { type Attrs, formatType, type Node, type Op, Tensor, type TensorType, type Unnamed } from "./op.js";
import { canonicalSize, type Size, sizeOf } from "./size.js";

export { type Attrs, formatType, type Node, Tensor, type TensorType, type Unnamed } from "./op.js";

/** An operator was applied to tensors that it does not fit. */
export class ShapeError extends AutodidactError {}

let nextId = 1;

/** The id that the next node will get; nodes made by a function are those between two readings. */
export function peekNodeId(): number {
  return nextId;
}

/** Makes a node. Checks shapes by the operator's own rule; throws `ShapeError`. */
export function applyAll(op: Op, inputs: readonly Tensor[], attrs: Attrs): Tensor[] {
  const inferred = op.type(inputs, attrs);
  const types = (Array.isArray(inferred) ? inferred : [inferred]).map(
    ({ dtype, shape }: TensorType): TensorType => ({ dtype, shape: shape.map(canonicalSize) }),
  );
  const node: Node = { id: nextId++, op, inputs, attrs, types };
  return types.map((_, k) => new Tensor(node, k));
}

/** `applyAll` for an operator with one output. */
export function apply<S extends string = Unnamed>(
  op: Op,
  inputs: readonly Tensor[],
  attrs: Attrs = {},
): Tensor<S> {
  return applyAll(op, inputs, attrs)[0];
}

export interface InputAttrs extends TensorType {
  readonly name: string;
}

/** A value that is given when the graph runs. */
export const Input: Op = {
  onnx: "Input",
  type: (_, { dtype, shape }: InputAttrs) => ({ dtype, shape }),
  samples: [],
};

/** A graph input. A string in `shape` names a size that each run may choose. */
export function input<S extends string = Unnamed>(
  name: string,
  dtype: DType,
  shape: readonly Size[],
): Tensor<S> {
  return apply(Input, [], { name, dtype, shape } satisfies InputAttrs);
}

export interface ConstantAttrs {
  readonly dtype: DType;
  readonly shape: readonly number[];
  readonly data: TypedArray;
}

export const Constant: Op = {
  onnx: "Constant",
  type: (_, { dtype, shape }: ConstantAttrs) => ({ dtype, shape }),
  samples: [],
};

/** A tensor whose values are fixed in the graph. */
export function constant<S extends string = Unnamed>(
  values: ArrayLike<number>,
  shape: readonly number[] = [values.length],
  dtype: DType = "float32",
): Tensor<S> {
  if (values.length !== sizeOf(shape)) {
    throw new ShapeError(
      "a constant's values do not fill its shape",
      `${values.length} values for [${shape.join(", ")}]`,
      "give as many values as the shape has elements",
    );
  }
  return apply(Constant, [], { dtype, shape, data: typedArray(dtype, values) } satisfies ConstantAttrs);
}

/** A constant of rank 0. */
export function scalar(value: number, dtype: DType = "float32"): Tensor<""> {
  return constant([value], [], dtype);
}

/** Gives `x` axis names, one a dimension: `named("b t c", x)`. Throws `ShapeError` on another rank. */
export function named<const S extends string>(axes: S, x: Tensor): Tensor<S> {
  const names = axes === "" ? [] : axes.split(" ");
  if (names.length !== x.rank) {
    throw new ShapeError(
      "axis names do not fit the tensor",
      `"${axes}" for ${formatType(x)}`,
      `name ${x.rank} axes, each once, in order`,
    );
  }
  return x;
}
