/** Clean-up of a graph before it is lowered. Dead nodes need no pass: only what outputs reach is kept. */
import { Custom } from "../autodiff/custom.js";
import { dtypes, fromHalf } from "../graph/dtype.js";
import { known } from "../graph/size.js";
import {
  applyAll,
  Constant,
  type ConstantAttrs,
  constant,
  Input,
  type Node,
  Tensor,
} from "../graph/tensor.js";
import { nodesOf } from "../graph/walk.js";
import { Add } from "../ops/elementwise.js";
import { ScatterND } from "../ops/gather.js";
import {
  broadcastShapes,
  Expand,
  Reshape,
  reshape,
  sameShape,
  Transpose,
  transpose,
} from "../ops/movement.js";

/** Constants up to this many elements are folded and compared by value. */
const smallConstant = 64;

/**
 * Rebuilds the graph of `outputs` bottom up: custom gradients vanish, constants fold, chains of reshapes
 * and transposes shorten, and equal expressions become one node.
 */
export function simplify(outputs: readonly Tensor[]): Tensor[] {
  const replaced = new Map<Node, Tensor[]>();
  const expressions = new Map<string, Tensor[]>();
  const current = ({ node, output }: Tensor) => replaced.get(node)![output];
  const unite = (node: Node, inputs: readonly Tensor[]) => {
    const key = expressionKey(node, inputs);
    const before = expressions.get(key);
    if (before) return before;
    const same = inputs.every((x, i) => x.node === node.inputs[i].node);
    const outputs = same
      ? node.types.map((_, k) => new Tensor(node, k))
      : applyAll(node.op, inputs, node.attrs);
    expressions.set(key, outputs);
    return outputs;
  };
  const unique = ({ node, output }: Tensor) => unite(node, node.inputs)[output];
  for (const node of nodesOf(outputs)) {
    const inputs = withoutExpands(node, node.inputs.map(current));
    replaced.set(node, shorten(node, inputs)?.map(unique) ?? unite(node, inputs));
  }
  return outputs.map(current);
}

/** What the node can be replaced by, given its simplified inputs. */
function shorten(node: Node, inputs: Tensor[]): Tensor[] | undefined {
  if (node.op === Custom) return inputs.slice(0, node.types.length);
  const [x] = inputs;
  if (node.op === Reshape && isSmallConstant(x)) {
    return [constant(constantValues(x), node.types[0].shape.map(known), x.dtype)];
  }
  if (node.op === Reshape && x.node.op === Reshape) {
    return [reshape(x.node.inputs[0], node.types[0].shape)];
  }
  if (node.op === Transpose && x.node.op === Transpose) {
    const { perm } = node.attrs as { perm: number[] };
    const inner = x.node.attrs as { perm: number[] };
    return [
      transpose(
        x.node.inputs[0],
        perm.map((axis) => inner.perm[axis]),
      ),
    ];
  }
  return foldConstants(node, inputs) ?? dropNeutral(node, inputs) ?? addInto(node, inputs);
}

/** What is scattered into zeros and then added is scattered into the other summand. */
function addInto(node: Node, inputs: readonly Tensor[]): Tensor[] | undefined {
  if (node.op !== Add) return undefined;
  const intoZeros = ({ node: { op, inputs } }: Tensor) => op === ScatterND && isZeros(inputs[0]);
  const at = inputs.findIndex(intoZeros);
  if (at < 0 || !sameShape(inputs[0].shape, inputs[1].shape)) return undefined;
  const rest = inputs[1 - at];
  const [, indices, updates] = inputs[at].node.inputs;
  return applyAll(ScatterND, [rest, indices, updates], {});
}

function isZeros(x: Tensor): boolean {
  if (x.node.op === Expand) return isZeros(x.node.inputs[0]);
  return isSmallConstant(x) && constantValues(x).every((value) => value === 0);
}

/** Operators that broadcast need no operand expanded when the other has the full shape. */
function withoutExpands(node: Node, inputs: Tensor[]): Tensor[] {
  if (!node.op.neutral) return inputs;
  const full = (x: Tensor) => sameShape(x.shape, node.types[0].shape);
  const [a, b] = inputs.map((x) => (x.node.op === Expand ? x.node.inputs[0] : x));
  if (full(inputs[1]) && full(inputs[0])) {
    // Of two expanded operands one has to keep the shape.
    return full(b) || a === inputs[0] ? [a, full(a) ? b : inputs[1]] : [inputs[0], b];
  }
  return inputs;
}

/** Evaluates an elementwise operator on small constants. */
function foldConstants(node: Node, inputs: Tensor[]): Tensor[] | undefined {
  const { fold } = node.op;
  const [{ dtype, shape }] = node.types;
  if (!fold || !inputs.every(isSmallConstant) || !dtypes[dtype].float) return undefined;
  const sizes = shape.map(known);
  const operands = inputs.map((x) => readBroadcast(x, sizes));
  const count = sizes.reduce((a, b) => a * b, 1);
  if (count > smallConstant) return undefined;
  const values = Array.from({ length: count }, (_, i) => fold(...operands.map((values) => values[i])));
  return [constant(values, sizes, dtype)];
}

/** x + 0, x - 0, x * 1 and x / 1 are x, where x already has the result's shape. */
function dropNeutral(node: Node, inputs: Tensor[]): Tensor[] | undefined {
  const { neutral } = node.op;
  if (!neutral) return undefined;
  const isNeutral = (x: Tensor) => isSmallConstant(x) && constantValues(x).every((v) => v === neutral.value);
  const fits = (x: Tensor) => sameShape(x.shape, node.types[0].shape);
  if (isNeutral(inputs[1]) && fits(inputs[0])) return [inputs[0]];
  if (neutral.commutes && isNeutral(inputs[0]) && fits(inputs[1])) return [inputs[1]];
  return undefined;
}

function isSmallConstant(x: Tensor): boolean {
  return x.node.op === Constant && (x.node.attrs as ConstantAttrs).data.length <= smallConstant;
}

function constantValues(x: Tensor): number[] {
  const { data, dtype } = x.node.attrs as ConstantAttrs;
  return Array.from(data as ArrayLike<number | bigint>, (v) =>
    dtype === "float16" ? fromHalf(Number(v)) : Number(v),
  );
}

/** The constant's values repeated to the broadcast shape. */
function readBroadcast(x: Tensor, shape: number[]): number[] {
  const own = x.shape.map(known);
  broadcastShapes(own, shape);
  let values = constantValues(x);
  const padded = [...Array<number>(shape.length - own.length).fill(1), ...own];
  for (let axis = shape.length - 1, inner = 1; axis >= 0; inner *= shape[axis--]) {
    if (padded[axis] === shape[axis]) continue;
    const rows = values.length / inner;
    values = Array.from({ length: rows }, (_, r) => values.slice(r * inner, (r + 1) * inner)).flatMap((row) =>
      Array<number[]>(shape[axis]).fill(row).flat(),
    );
  }
  return values;
}

/** Text that is equal for equal expressions. Inputs and large constants are only equal to themselves. */
function expressionKey(node: Node, inputs: readonly Tensor[]): string {
  if (node.op === Input) return `input ${node.id}`;
  if (node.op === Constant) {
    const { dtype, shape, data } = node.attrs as ConstantAttrs;
    return data.length > smallConstant ? `constant ${node.id}` : `constant ${dtype} [${shape}] ${data}`;
  }
  const arguments_ = inputs.map((x) => `${x.node.id}.${x.output}`).join(",");
  return `${node.op.domain ?? ""}${node.op.onnx}(${arguments_}) ${JSON.stringify(node.attrs)}`;
}
