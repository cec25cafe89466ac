/** Gradient rules of one's own, and recomputation, which is one of them. */
import type { Op } from "../graph/op.js";
import { applyAll, Constant, Input, type Node, peekNodeId, type Tensor } from "../graph/tensor.js";
import { nodesOf } from "../graph/walk.js";
import { add, mul } from "../ops/elementwise.js";
import { reshape } from "../ops/movement.js";
import { slice } from "../ops/slice.js";
import { pullBack } from "./grad.js";

interface CustomAttrs {
  outputs: number;
  backward(
    dy: readonly Tensor[],
    y: readonly Tensor[],
    x: readonly Tensor[],
  ): readonly (Tensor | undefined)[];
}

/**
 * Stands for its first inputs, which it passes through, and gives the others the gradient that the
 * attribute says. It disappears before lowering.
 */
export const Custom: Op<CustomAttrs> = {
  onnx: "Custom",
  type: (inputs, { outputs }) => inputs.slice(0, outputs).map(({ dtype, shape }) => ({ dtype, shape })),
  vjp: (dy, y, x, { outputs, backward }) => [
    ...Array<undefined>(outputs),
    ...backward(dy, y, x.slice(outputs) as Tensor[]),
  ],
  samples: [],
};

/**
 * A function with its own gradient rule. `forward` is traced as it is; differentiation uses `backward`,
 * which gets the gradients of the outputs, the outputs and the inputs, and gives one gradient an input.
 */
export function withGradient<S extends string>(
  forward: Tensor<S>,
  inputs: readonly Tensor[],
  backward: (dy: Tensor<S>, y: Tensor<S>) => readonly (Tensor | undefined)[],
): Tensor<S> {
  return applyAll(Custom, [forward, ...inputs], {
    outputs: 1,
    backward: ([dy], [y]) => backward(dy, y),
  } satisfies CustomAttrs)[0];
}

/**
 * Runs `body` now, and again in the backward pass instead of keeping what it computed: memory for time
 * (Chen et al. 2016). Everything that body reads, also through its closure, gets its gradient.
 */
export function recompute<T extends Tensor>(body: () => T): T {
  const first = peekNodeId();
  const result = body();
  const inside = nodesOf([result]).filter((node) => node.id >= first);
  if (inside.length === 0) return result;
  const members = new Set(inside);
  const leaves = new Map<string, Tensor>();
  for (const node of inside) {
    for (const x of node.inputs) {
      if (!members.has(x.node)) leaves.set(keyOf(x), x);
    }
  }
  const inputs = [...leaves.values()];
  return applyAll(Custom, [result, ...inputs], {
    outputs: 1,
    backward: ([dy], _, xs) => {
      const fresh = xs.map((x) => delay(x, dy));
      const values = new Map([...leaves.keys()].map((key, i) => [key, fresh[i]]));
      replay(inside, values);
      return pullBack([current(result, values)], [dy], fresh, { stop: true });
    },
  } satisfies CustomAttrs)[0] as T;
}

/**
 * x, but not before dy is known. Without this the runtime would find that the repeated part equals the
 * first and keep the first. Parameters and integers pass as they are: activations carry the order.
 */
function delay(x: Tensor, dy: Tensor): Tensor {
  if (x.node.op === Input || x.node.op === Constant || x.dtype !== dy.dtype) return x;
  return after(x, dy);
}

/** x, of the type of y, but not before y is known. */
export function after<S extends string>(x: Tensor<S>, y: Tensor): Tensor<S> {
  let corner = y;
  for (let axis = 0; axis < y.rank; axis++) corner = slice(corner, axis, 0, 1);
  return add(x, reshape(mul(corner, 0), []));
}

const keyOf = ({ node, output }: Tensor) => `${node.id}.${output}`;

/** What stands for x among values of the same nodes over other inputs. */
const current = (x: Tensor, values: ReadonlyMap<string, Tensor>) => values.get(keyOf(x)) ?? x;

/** Adds the values of the nodes over those of their inputs; of nodes that read none of them nothing changes. */
function replay(nodes: readonly Node[], values: Map<string, Tensor>): void {
  const replayed = new Set(nodes);
  for (const node of nodes) {
    const inputs = node.inputs.map((x) => current(x, values));
    if (inputs.every((x, i) => x === node.inputs[i])) continue;
    const attrs = node.op === Custom ? overValues(node.attrs as CustomAttrs, replayed, values) : node.attrs;
    applyAll(node.op, inputs, attrs).forEach((tensor, k) => {
      values.set(`${node.id}.${k}`, tensor);
    });
  }
}

/** The rule over values: what it closes over is of the first run, and would be kept for it. */
function overValues(
  { outputs, backward }: CustomAttrs,
  replayed: ReadonlySet<Node>,
  values: ReadonlyMap<string, Tensor>,
): CustomAttrs {
  return {
    outputs,
    backward(dy, y, x) {
      const first = peekNodeId();
      const gradients = backward(dy, y, x);
      const found = gradients.filter((gradient) => gradient !== undefined);
      const before = new Set([...replayed, ...[...dy, ...y].map(({ node }) => node)]);
      const own = new Map(values);
      replay(
        nodesOf(found, before).filter(({ id }) => id >= first),
        own,
      );
      return gradients.map((gradient) => gradient && current(gradient, own));
    },
  };
}
