/** What a graph is made of: tensors, the nodes that give them, and the operators that nodes apply. */
import type { DType } from "./dtype.js";
import { type Size, sizeOf } from "./size.js";

export interface TensorType {
  readonly dtype: DType;
  readonly shape: readonly Size[];
}

/** One application of an operator. Ids grow in the order of creation, so inputs always have smaller ids. */
export interface Node {
  readonly id: number;
  readonly op: Op;
  readonly inputs: readonly Tensor[];
  readonly attrs: Attrs;
  readonly types: readonly TensorType[];
}

export type Attrs = object;

/** Axis names are not tracked: fits everywhere. `named` gives a tensor names again. */
// biome-ignore lint/suspicious/noExplicitAny: assignable in both directions is the meaning
export type Unnamed = any;

/**
 * A symbolic tensor: the k-th output of a node. `S` names its axes for the compiler ("b t c");
 * the sizes and the element type are checked when the graph is traced.
 */
export class Tensor<S extends string = Unnamed> {
  declare readonly axes: S;
  constructor(
    readonly node: Node,
    readonly output = 0,
  ) {}
  get dtype(): DType {
    return this.node.types[this.output].dtype;
  }
  get shape(): readonly Size[] {
    return this.node.types[this.output].shape;
  }
  get rank(): number {
    return this.shape.length;
  }
  /** Number of elements. */
  get size(): Size {
    return sizeOf(this.shape);
  }
  /** Node, output and type, for messages. */
  toString(): string {
    return `%${this.node.id}${this.output ? `.${this.output}` : ""} ${formatType(this)}`;
  }
}

export function formatType({ dtype, shape }: TensorType): string {
  return `${dtype}[${shape.join(", ")}]`;
}

/** Arguments of a gradient rule, to be destructured: an operator knows how many it has. */
export type Tensors = readonly [Tensor, Tensor, Tensor, Tensor, Tensor, Tensor];

/** An attribute of an ONNX node. Whole numbers are ints; floats say so. */
export type OnnxAttribute =
  | number
  | string
  | readonly number[]
  | { readonly float: number }
  | { readonly graph: object };

/** How the kernels of a runtime want what they read, where that is not as ONNX has it. */
export interface Kernels {
  /** The version of ONNX's operator set up to which a device's kernels are registered; absent: all that is written here. */
  readonly opset?: number;
  /** Operators, by their names, that it would compute elsewhere: written with others where that can be. */
  readonly lacks?: ReadonlySet<string>;
  /** Channels that its own layout for convolutions keeps side by side; absent: it has none. */
  readonly convolutionBlock?: number;
  /** A product transposes its left operand piece by piece, each piece many times. */
  readonly transposesOften?: boolean;
  /** The largest magnitude of int8 numbers whose products with uint8 numbers are summed exactly; absent: there are none. */
  readonly int8Levels?: number;
  /**
   * How many numbers a ScatterND adds one after the other; more it gives to several threads, and two that add to one place
   * at once do so in any order, or lose one. Absent: it needs no care.
   */
  readonly addsInOrder?: number;
  /** Attention writes new keys and values among those that it is given, and is the faster for it. */
  readonly attendsInPlace?: boolean;
}

/** What an operator's lowering may write: ONNX nodes and shape tensors. */
export interface Emitter {
  /** Adds a node and returns the names of its outputs. */
  node(
    opType: string,
    inputs: readonly string[],
    attributes?: Record<string, OnnxAttribute>,
    outputs?: number,
    domain?: string,
  ): string[];
  /**
   * A graph as an attribute, such as a loop's body. It asks for `inputs` in their order, and reads those of `around`
   * under the names that they have outside of it.
   */
  graph(
    inputs: readonly Tensor[],
    outputs: readonly Tensor[],
    around: ReadonlyMap<Tensor, string>,
  ): OnnxAttribute;
  /** Name of a 1-D int64 tensor with these sizes. */
  sizes(sizes: readonly Size[]): string;
  /** What the graph is written for. */
  readonly kernels: Kernels;
  /** Name of a constant of one repeated value; a scalar by default. */
  filled(value: number, dtype: DType, shape?: readonly number[]): string;
}

/** One input case of the conformance suite. Float inputs are drawn from `range` (default [-1, 1]). */
export interface Sample<A> {
  inputs: readonly {
    shape: readonly number[];
    dtype?: DType;
    range?: readonly [number, number];
    /** Exact values, for indices and the like. */
    values?: readonly number[];
  }[];
  attrs: A;
}

/**
 * A primitive: one ONNX operator with its shape rule and its gradient.
 * `A` are its attributes in our terms; `lower` writes them in ONNX's.
 */
// biome-ignore lint/suspicious/noExplicitAny: the table holds operators of all attribute types
export interface Op<A extends Attrs = any> {
  readonly onnx: string;
  /** ONNX Runtime's own domain for operators that are not in the standard. */
  readonly domain?: string;
  /** Types of the outputs; throws `ShapeError`. */
  type(inputs: readonly TensorType[], attrs: A): TensorType | TensorType[];
  /**
   * Gradients for the inputs, given those of the outputs (the first always; undefined where a later one
   * is unused), the outputs and the inputs. An input that has no gradient gets undefined. Absent: not differentiable.
   */
  vjp?(dy: Tensors, y: Tensors, x: Tensors, attrs: A): readonly (Tensor | undefined)[];
  /** ONNX attributes of the node; absent: none. */
  attributes?(attrs: A): Record<string, OnnxAttribute>;
  /** For operators whose ONNX form takes shapes as inputs; absent: one node with `attributes`. */
  lower?(emit: Emitter, inputs: readonly string[], attrs: A, node: Node): string[];
  /** The operator on numbers, where it is elementwise: what constant folding uses. */
  fold?(...x: number[]): number;
  /** The operand that leaves the other as it is, on the right, or on either side when it commutes. */
  readonly neutral?: { readonly value: number; readonly commutes: boolean };
  /** All outputs are written, read or not; of other operators those after the first are optional. */
  readonly variadic?: boolean;
  readonly samples: readonly Sample<A>[];
}

export function defineOp<A extends Attrs = Record<string, never>>(op: Op<A>): Op<A> {
  return op;
}
