/** AdamW: Adam with decoupled weight decay. [Kingma & Ba 2015; Loshchilov & Hutter 2019, algorithm 2] */
import { add, div, mul, sqrt, sub } from "../core/ops/elementwise.js";
import { type Optimizer, type ParameterGroup, requireDecay, type UpdateRule } from "./optimizer.js";

/** Settings of AdamW. */
export interface AdamWOptions {
  readonly lr: number;
  /** Decay rates of the two moments; default [0.9, 0.95]. */
  readonly betas?: readonly [number, number];
  /** Default 1e-8. */
  readonly epsilon?: number;
  /** A step's share of lr by which matrices and embeddings shrink; vectors never do. Default 0.1. */
  readonly weightDecay?: number;
}

/** Adam with decoupled weight decay, which vectors are spared. Throws `OptimizerError` for betas outside of [0, 1). */
export function adamw(options: AdamWOptions): Optimizer {
  return { groups: adamwGroups(options) };
}

/** Two groups, with and without decay, so that other optimizers can hand them what they leave. */
export function adamwGroups({
  lr,
  betas = [0.9, 0.95],
  epsilon,
  weightDecay = 0.1,
}: AdamWOptions): ParameterGroup[] {
  betas.forEach((beta, i) => {
    requireDecay(`betas[${i}]`, beta);
  });
  const rule = (decay: number) => adamwRule(betas, epsilon ?? 1e-8, decay);
  return [
    { name: "adamw", selects: ({ role }) => role !== "vector", rule: rule(weightDecay), lr },
    { name: "adamw, no decay", selects: () => true, rule: rule(0), lr },
  ];
}

/**
 * m = b1 m + (1 - b1) g;  v = b2 v + (1 - b2) g^2;  p = (1 - lr decay) p - lr m^ / (sqrt(v^) + eps), with
 * m^ and v^ corrected for their start at zero. The corrections are folded into the scalars.
 */
function adamwRule([b1, b2]: readonly [number, number], epsilon: number, weightDecay: number): UpdateRule {
  return {
    moments: ["m", "v"],
    elementwise: true,
    scalars: ["first", "second", "epsilon", "rate", "keep"],
    scalarValues: ({ lr, step, gradientScale }) => {
      const correction = Math.sqrt(1 - b2 ** step);
      return {
        first: (1 - b1) * gradientScale,
        second: (1 - b2) * gradientScale ** 2,
        epsilon: epsilon * correction,
        rate: (lr * correction) / (1 - b1 ** step),
        keep: 1 - lr * weightDecay,
      };
    },
    update(p, g, { m, v }, { first, second, epsilon: eps, rate, keep }) {
      const m1 = add(mul(m, b1), mul(g, first));
      const v1 = add(mul(v, b2), mul(mul(g, g), second));
      const parameter = sub(mul(p, keep), mul(div(m1, add(sqrt(v1), eps)), rate));
      return { parameter, moments: { m: m1, v: v1 } };
    },
  };
}
