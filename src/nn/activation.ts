import { withGradient } from "../core/autodiff/custom.js";
import type { Tensor } from "../core/graph/tensor.js";
import { abs, add, erf, exp, log, mul, relu, sigmoid, sub } from "../core/ops/elementwise.js";

const root = Math.sqrt(2 / Math.PI);

/**
 * GPT-2's GELU, 0.5 x (1 + tanh(sqrt(2/pi) (x + 0.044715 x^3))), written as x sigmoid(2 u), which is
 * equal. Its gradient, s + 2 u' y (1 - s), has a rule of its own: half the passes of the derived one.
 * [Hendrycks & Gimpel 2016]
 */
export function geluTanh<S extends string>(x: Tensor<S>): Tensor<S> {
  const square = mul(x, x);
  const s = sigmoid(mul(x, add(mul(square, 2 * root * 0.044715), 2 * root)));
  return withGradient(mul(x, s), [x], (dy, y) => {
    const slope = add(mul(square, 6 * root * 0.044715), 2 * root);
    return [mul(dy, add(s, mul(slope, sub(y, mul(y, s)))))];
  });
}

/** The exact GELU, x Phi(x), and its gradient, Phi(x) + x phi(x). [Hendrycks & Gimpel 2016] */
export function gelu<S extends string>(x: Tensor<S>): Tensor<S> {
  const cumulative = mul(add(erf(mul(x, Math.SQRT1_2)), 1), 0.5);
  return withGradient(mul(x, cumulative), [x], (dy) => {
    const density = mul(exp(mul(mul(x, x), -0.5)), 1 / Math.sqrt(2 * Math.PI));
    return [mul(dy, add(cumulative, mul(x, density)))];
  });
}

/** x sigmoid(x), also called swish. [Hendrycks & Gimpel 2016; Ramachandran et al. 2017] */
export function silu<S extends string>(x: Tensor<S>): Tensor<S> {
  const s = sigmoid(x);
  return withGradient(mul(x, s), [x], (dy, y) => [mul(dy, add(s, sub(y, mul(y, s))))]);
}

/** log(1 + e^x) and its gradient, sigmoid(x): finite for any x. */
export function softplus<S extends string>(x: Tensor<S>): Tensor<S> {
  return withGradient(sub(relu(x), log(sigmoid(abs(x)))), [x], (dy) => [mul(dy, sigmoid(x))]);
}

/** gate * sigmoid(gate) * up. [SwiGLU: Shazeer 2020] */
export function swiGlu<S extends string>(gate: Tensor<S>, up: Tensor<S>): Tensor<S> {
  const s = sigmoid(gate);
  const silu = mul(gate, s);
  return withGradient(mul(silu, up), [gate, up], (dy) => {
    const dUp = mul(dy, silu);
    const dSilu = add(s, sub(silu, mul(silu, s)));
    return [mul(mul(dy, up), dSilu), dUp];
  });
}

/** GELU(gate) * up, with the tanh GELU. [GeGLU: Shazeer 2020] */
export function geGlu<S extends string>(gate: Tensor<S>, up: Tensor<S>): Tensor<S> {
  return mul(geluTanh(gate), up);
}

/** x * sigmoid(gate). [Dauphin et al. 2017] */
export function glu<S extends string>(x: Tensor<S>, gate: Tensor<S>): Tensor<S> {
  const s = sigmoid(gate);
  return withGradient(mul(x, s), [x, gate], (dy, y) => {
    const dx = mul(dy, s);
    return [dx, mul(dx, sub(x, y))];
  });
}
