/** Losses of logits that each say yes or no for themselves. All are finite for any logit. */
import { withGradient } from "../core/autodiff/custom.js";
import type { Tensor } from "../core/graph/tensor.js";
import { add, mul, sigmoid, sub } from "../core/ops/elementwise.js";
import { softplus } from "../nn/activation.js";

/** -t log s - (1 - t) log(1 - s) with s = sigmoid(logits) and t from 0 to 1. The targets get no gradient. */
export function binaryCrossEntropy<S extends string>(logits: Tensor<S>, targets: Tensor): Tensor<S> {
  const loss = sub(softplus(logits), mul(logits, targets));
  return withGradient(loss, [logits], (dy) => [mul(dy, sub(sigmoid(logits), targets))]);
}

/** What rare yeses weigh, and the rest for noes. */
const alpha = 0.25;

/**
 * The focal loss -alpha (1 - q)^2 log q, with q the probability that is given to the right one of yes and no; `targets`
 * are 1 or 0. (Lin et al. 2017, equation 5, with the paper's alpha of 0.25 and gamma of 2)
 */
export function focalLoss<S extends string>(logits: Tensor<S>, targets: Tensor): Tensor<S> {
  const against = mul(logits, sub(1, mul(targets, 2))); // of what is wrong
  const missed = sigmoid(against);
  const weight = add(1 - alpha, mul(targets, 2 * alpha - 1));
  return mul(mul(weight, mul(missed, missed)), softplus(against));
}
