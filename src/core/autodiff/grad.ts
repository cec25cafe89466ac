import { dtypes } from "../graph/dtype.js";
import type { Tensors } from "../graph/op.js";
import { formatType, type Node, ShapeError, scalar, Tensor } from "../graph/tensor.js";
import { nodesOf } from "../graph/walk.js";
import { add } from "../ops/elementwise.js";
import { expand } from "../ops/movement.js";

/** Gradients of a scalar `loss` with respect to `wrt`; zeros where the loss does not depend on one. */
export function grad(loss: Tensor, wrt: readonly Tensor[]): Tensor[] {
  if (loss.rank !== 0 || !dtypes[loss.dtype].float) {
    throw new ShapeError(
      "a gradient needs a scalar float loss",
      formatType(loss),
      "reduce the loss to one number, for example by mean",
    );
  }
  const gradients = pullBack([loss], [scalar(1, loss.dtype)], wrt);
  return gradients.map((g, i) => g ?? expand(scalar(0, wrt[i].dtype), wrt[i].shape));
}

/**
 * Reverse mode: carries gradients `dy` of the tensors `y` back to `wrt`, by the operators' own rules on
 * the graph, so that the result can be differentiated again. undefined: `y` does not depend on it.
 * With `stop`, `wrt` are taken as given: how they depend on each other or on anything else is left out.
 */
export function pullBack(
  y: readonly Tensor[],
  dy: readonly (Tensor | undefined)[],
  wrt: readonly Tensor[],
  { stop = false } = {},
): (Tensor | undefined)[] {
  const targets = new Set(wrt.map((x) => x.node));
  const needed = nodesBetween(y, targets, stop);
  const gradients = new Map<Node, (Tensor | undefined)[]>();
  const accumulate = ({ node, output }: Tensor, g: Tensor) => {
    if (!needed.has(node)) return;
    const outputs = gradients.get(node) ?? [];
    gradients.set(node, outputs);
    const before = outputs[output];
    outputs[output] = before ? add(before, g) : g;
  };
  y.forEach((tensor, i) => {
    if (dy[i]) accumulate(tensor, dy[i]);
  });
  for (const node of [...needed].sort((a, b) => b.id - a.id)) {
    const dOutputs = gradients.get(node);
    const ends = targets.has(node) && (stop || !node.inputs.some((x) => needed.has(x.node)));
    if (!dOutputs || ends) continue;
    const outputs = node.types.map((_, k) => new Tensor(node, k));
    dOutputs[0] ??= expand(scalar(0, node.types[0].dtype), node.types[0].shape);
    if (!node.op.vjp) {
      throw new ShapeError(
        "an operator has no gradient",
        `${node.op.onnx} on the way to the loss`,
        "keep it off the path between parameters and loss",
      );
    }
    const dInputs = node.op.vjp(
      dOutputs as unknown as Tensors,
      outputs as unknown as Tensors,
      node.inputs as unknown as Tensors,
      node.attrs,
    );
    dInputs.forEach((g, i) => {
      if (g) accumulate(node.inputs[i], g);
    });
  }
  return wrt.map((x) => gradients.get(x.node)?.[x.output]);
}

/** Nodes on a path from `targets` to `y`: only these need gradients. */
function nodesBetween(y: readonly Tensor[], targets: ReadonlySet<Node>, stop: boolean): Set<Node> {
  const needed = new Set<Node>();
  for (const node of nodesOf(y, stop ? targets : undefined)) {
    const carries = node.inputs.some((x) => needed.has(x.node) && dtypes[x.dtype].float);
    if (targets.has(node) || carries) needed.add(node);
  }
  return needed;
}
