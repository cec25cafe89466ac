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
      if (!members.has(x.node)) leaves.set(`${x.node.id}.${x.output}`, x);
    }
  }
  const inputs = [...leaves.values()];
  return applyAll(Custom, [result, ...inputs], {
    outputs: 1,
    backward: ([dy], _, xs) => {
      const fresh = xs.map((x) => delay(x, dy));
      const again = replay(result, inside, new Map([...leaves.keys()].map((key, i) => [key, fresh[i]])));
      return pullBack([again], [dy], fresh, { stop: true });
    },
  } satisfies CustomAttrs)[0] as T;
}

/**
 * x, but not before dy is known. Without this the runtime would find that the repeated part equals the
 * first and keep the first. Parameters and integers pass as they are: activations carry the order.
 */
function delay(x: Tensor, dy: Tensor): Tensor {
  if (x.node.op === Input || x.node.op === Constant || x.dtype !== dy.dtype) return x;
  let corner = dy;
  for (let axis = 0; axis < dy.rank; axis++) corner = slice(corner, axis, 0, 1);
  return add(x, reshape(mul(corner, 0), []));
}

function replay(result: Tensor, inside: readonly Node[], fresh: Map<string, Tensor>): Tensor {
  const values = new Map(fresh);
  for (const node of inside) {
    const inputs = node.inputs.map((x) => values.get(`${x.node.id}.${x.output}`)!);
    applyAll(node.op, inputs, node.attrs).forEach((tensor, k) => {
      values.set(`${node.id}.${k}`, tensor);
    });
  }
  return values.get(`${result.node.id}.${result.output}`)!;
}
