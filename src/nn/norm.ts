import { withGradient } from "../core/autodiff/custom.js";
import { known } from "../core/graph/size.js";
import type { Tensor } from "../core/graph/tensor.js";
import { add, mul, reciprocal, sqrt, sub } from "../core/ops/elementwise.js";
import { sumTo } from "../core/ops/movement.js";
import { mean, sumSquare } from "../core/ops/reduce.js";

/** x / sqrt(mean(x^2) + epsilon) * scale over the last axis. [Zhang & Sennrich 2019] */
export function rmsNorm<S extends string>(x: Tensor<S>, scale: Tensor, epsilon: number): Tensor<S> {
  const width = known(x.shape.at(-1)!);
  const square = mul(sumSquare(x, [-1], { keepDims: true }), 1 / width);
  const inverse = reciprocal(sqrt(add(square, epsilon)));
  const normalised = mul(x, inverse);
  return withGradient(mul(normalised, scale), [x, scale], (dy) => {
    const scaled = mul(dy, scale);
    const tilt = mean(mul(scaled, normalised), [-1], { keepDims: true });
    const dx = mul(inverse, sub(scaled, mul(normalised, tilt)));
    return [dx, sumTo(mul(dy, normalised), scale.shape)];
  });
}
