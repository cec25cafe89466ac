import type { Node, Tensor } from "./tensor.js";

/** All nodes that the tensors depend on, inputs before their readers; nothing beyond `boundary`. */
export function nodesOf(tensors: readonly Tensor[], boundary?: ReadonlySet<Node>): Node[] {
  const seen = new Set<Node>();
  const open = tensors.map((t) => t.node);
  while (open.length > 0) {
    const node = open.pop()!;
    if (seen.has(node)) continue;
    seen.add(node);
    if (boundary?.has(node)) continue;
    for (const x of node.inputs) open.push(x.node);
  }
  return [...seen].sort((a, b) => a.id - b.id);
}
