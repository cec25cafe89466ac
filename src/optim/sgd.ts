/** Stochastic gradient descent with (Nesterov) momentum and decoupled weight decay. [Sutskever et al. 2013] */
import { add, mul, sub } from "../core/ops/elementwise.js";
import { type Optimizer, requireDecay, type UpdateRule } from "./optimizer.js";

/** Settings of gradient descent with momentum. */
export interface SgdOptions {
  readonly lr: number;
  /** Default 0.9. */
  readonly momentum?: number;
  readonly nesterov?: boolean;
  /** Default 0; vectors never decay. */
  readonly weightDecay?: number;
}

/** Gradient descent with momentum; weight decay spares vectors. Throws `OptimizerError` for a momentum outside of [0, 1). */
export function sgd({ lr, momentum = 0.9, nesterov = false, weightDecay = 0 }: SgdOptions): Optimizer {
  requireDecay("momentum", momentum);
  const rule = (decay: number) => sgdRule(momentum, nesterov, decay);
  return {
    groups: [
      { name: "sgd", selects: ({ role }) => role !== "vector", rule: rule(weightDecay), lr },
      { name: "sgd, no decay", selects: () => true, rule: rule(0), lr },
    ],
  };
}

/** m = momentum m + g;  p = (1 - lr decay) p - lr (m, or g + momentum m with Nesterov). */
function sgdRule(momentum: number, nesterov: boolean, weightDecay: number): UpdateRule {
  return {
    moments: ["m"],
    elementwise: true,
    scalars: ["scale", "rate", "keep"],
    scalarValues: ({ lr, gradientScale }) => ({ scale: gradientScale, rate: lr, keep: 1 - lr * weightDecay }),
    update(p, g, { m }, { scale, rate, keep }) {
      const scaled = mul(g, scale);
      const m1 = add(mul(m, momentum), scaled);
      const direction = nesterov ? add(scaled, mul(m1, momentum)) : m1;
      return { parameter: sub(mul(p, keep), mul(direction, rate)), moments: { m: m1 } };
    },
  };
}
