import { known } from "../core/graph/size.js";
import { applyAll, constant, Input, type InputAttrs, type Node, Tensor } from "../core/graph/tensor.js";
import { nodesOf } from "../core/graph/walk.js";
import { add } from "../core/ops/elementwise.js";
import { Gemm } from "../core/ops/matmul.js";
import { Reshape } from "../core/ops/movement.js";
import { type Bits, blockProduct, quantise } from "./block-quantised.js";
import type { Weights } from "./weights.js";

/** The graph with every product by a weight matrix replaced by one with that matrix in `bits` bits. */
export function quantiseProducts(
  outputs: Readonly<Record<string, Tensor>>,
  weights: Weights,
  bits: Bits,
): Record<string, Tensor> {
  const replaced = new Map<Node, Tensor[]>();
  const current = ({ node, output }: Tensor) => replaced.get(node)![output];
  for (const node of nodesOf(Object.values(outputs))) {
    const inputs = node.inputs.map(current);
    const product = quantisedProduct(node, inputs, weights, bits);
    const isSame = inputs.every((x, i) => x.node === node.inputs[i].node);
    if (product) replaced.set(node, [product]);
    else if (isSame)
      replaced.set(
        node,
        node.types.map((_, k) => new Tensor(node, k)),
      );
    else replaced.set(node, applyAll(node.op, inputs, node.attrs));
  }
  return Object.fromEntries(Object.entries(outputs).map(([name, tensor]) => [name, current(tensor)]));
}

/** x W + c with W in blocks, when the node is a product by a weight. */
function quantisedProduct(
  node: Node,
  [x, matrix, c]: readonly Tensor[],
  weights: Weights,
  bits: Bits,
): Tensor | undefined {
  if (node.op !== Gemm) return undefined;
  const source = matrix.node.op === Reshape ? matrix.node.inputs[0] : matrix;
  if (source.node.op !== Input) return undefined;
  const weight = weights.get((source.node.attrs as InputAttrs).name);
  const { transA, transB } = node.attrs as { transA: boolean; transB: boolean };
  if (!weight || transA) return undefined;
  const { codes, scales, ...sizes } = quantise(weight.data, matrix.shape.map(known), bits, !transB);
  const blocks = scales.length / sizes.outputs;
  const shape = [sizes.outputs, blocks, codes.length / scales.length];
  const y = blockProduct(
    x,
    constant(codes, shape, "uint8"),
    constant(scales, [sizes.outputs, blocks]),
    sizes,
  );
  return c ? add(y, c) : y;
}
