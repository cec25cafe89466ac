import { known } from "../core/graph/size.js";
import { applyAll, constant, Input, type InputAttrs, type Node, Tensor } from "../core/graph/tensor.js";
import { nodesOf } from "../core/graph/walk.js";
import { joinArrays } from "../core/join-arrays.js";
import { simplify } from "../core/onnx/passes.js";
import { add } from "../core/ops/elementwise.js";
import { Gemm } from "../core/ops/matmul.js";
import { Reshape, reshape } from "../core/ops/movement.js";
import { split } from "../core/ops/slice.js";
import { type Bits, blockProduct, type Quantised, quantise } from "./block-quantised.js";
import type { Weight, Weights } from "./weights.js";

/** x W + c with W a weight. */
interface WeightProduct {
  readonly node: Node;
  readonly weight: Weight;
  readonly shape: readonly number[];
  /** W is [inputs, outputs]. */
  readonly transposed: boolean;
}

/**
 * The graph with every product by a weight matrix replaced by one with that matrix in `bits` bits. Matrices that multiply
 * the same rows are put into one.
 */
export function quantiseProducts(
  outputs: Readonly<Record<string, Tensor>>,
  weights: Weights,
  bits: Bits,
): Record<string, Tensor> {
  const names = Object.keys(outputs);
  const simple = simplify(Object.values(outputs)); // equal rows are now one tensor
  const nodes = nodesOf(simple);
  const products = nodes.flatMap((node) => weightProduct(node, weights) ?? []);
  const groups = new Map<string, WeightProduct[]>();
  for (const product of products) {
    const rows = nameOf(product.node.inputs[0]);
    groups.set(rows, [...(groups.get(rows) ?? []), product]);
  }
  const groupOf = new Map([...groups.values()].flatMap((group) => group.map(({ node }) => [node, group])));
  const replaced = new Map<Node, Tensor[]>();
  const current = ({ node, output }: Tensor) => replaced.get(node)![output];
  const multiplied = new Map<Node, Tensor>();
  const rebuilt = (node: Node): Tensor[] => {
    const group = groupOf.get(node);
    if (group) {
      const [x, , c] = node.inputs;
      if (!multiplied.has(node)) {
        const parts = blockProducts(asItWas(current(x)), group, bits);
        for (const [k, product] of group.entries()) multiplied.set(product.node, parts[k]);
      }
      const y = reshape(multiplied.get(node)!, node.types[0].shape);
      return [c ? add(y, current(c)) : y];
    }
    const inputs = node.inputs.map(current);
    const isSame = inputs.every((x, i) => x.node === node.inputs[i].node);
    return isSame ? node.types.map((_, k) => new Tensor(node, k)) : applyAll(node.op, inputs, node.attrs);
  };
  for (const node of nodes) replaced.set(node, rebuilt(node));
  return Object.fromEntries(names.map((name, i) => [name, current(simple[i])]));
}

/** Rows before they were put into one axis, which these products do not need. */
function asItWas(x: Tensor): Tensor {
  const isOfRows = x.node.op === Reshape && x.node.inputs[0].shape.at(-1) === x.shape.at(-1);
  return isOfRows ? x.node.inputs[0] : x;
}

const nameOf = ({ node, output }: Tensor) => `${node.id}.${output}`;

function weightProduct(node: Node, weights: Weights): WeightProduct | undefined {
  if (node.op !== Gemm) return undefined;
  const [, matrix] = node.inputs;
  const source = matrix.node.op === Reshape ? matrix.node.inputs[0] : matrix;
  if (source.node.op !== Input) return undefined;
  const weight = weights.get((source.node.attrs as InputAttrs).name);
  const { transA, transB } = node.attrs as { transA: boolean; transB: boolean };
  if (!weight || transA) return undefined;
  return { node, weight, shape: matrix.shape.map(known), transposed: !transB };
}

/** The products of x by each matrix, computed as one. */
function blockProducts(x: Tensor, products: readonly WeightProduct[], bits: Bits): Tensor[] {
  const matrices = products.map(({ weight, shape, transposed }) =>
    quantise(weight.data, shape, bits, transposed),
  );
  const { codes, scales, ...sizes } = stacked(matrices);
  const blocks = scales.length / sizes.outputs;
  const shape = [sizes.outputs, blocks, codes.length / scales.length];
  const y = blockProduct(
    x,
    constant(codes, shape, "uint8"),
    constant(scales, [sizes.outputs, blocks]),
    sizes,
  );
  const outputs = matrices.map((matrix) => matrix.outputs);
  return outputs.length === 1 ? [y] : split(y, outputs, -1);
}

/** Matrices of the same inputs as one with the outputs of all. */
function stacked(matrices: readonly Quantised[]): Quantised {
  const [first] = matrices;
  if (matrices.length === 1) return first;
  return {
    ...first,
    outputs: matrices.reduce((sum, { outputs }) => sum + outputs, 0),
    codes: joinArrays(
      Uint8Array,
      matrices.map(({ codes }) => codes),
    ),
    scales: joinArrays(
      Float32Array,
      matrices.map(({ scales }) => scales),
    ),
  };
}
