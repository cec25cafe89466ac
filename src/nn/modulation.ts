/**
 * Layers whose scale, shift and gate are a vector [b, c] for each image instead of a parameter (adaptive layer
 * norm, Peebles & Xie 2023). Rows are time first, [t b, c], so seen as [t, b c] one row of vectors meets them all.
 */
import { withGradient } from "../core/autodiff/custom.js";
import { divideSizes, known, sizeOf } from "../core/graph/size.js";
import { applyAll, constant, type Tensor } from "../core/graph/tensor.js";
import { add, mul, sub } from "../core/ops/elementwise.js";
import { reshape, sumTo } from "../core/ops/movement.js";
import { LayerNormalization } from "../core/ops/normalise.js";
import { mean } from "../core/ops/reduce.js";

const epsilon = 1e-6;

/**
 * norm(x) (1 + scale) + shift, with a layer norm that has no parameters. Its gradient keeps the normalised rows,
 * which the forward has, instead of computing them again.
 */
export function modulatedNorm(x: Tensor<"n c">, shift: Tensor<"b c">, scale: Tensor<"b c">): Tensor<"n c"> {
  const width = known(x.shape[1]);
  const ones = constant(new Float32Array(width).fill(1));
  const zeros = constant(new Float32Array(width));
  const [normalised, , inverse] = applyAll(LayerNormalization, [x, ones, zeros], { epsilon });
  const factor = add(overTime(scale, scale), 1);
  const y = add(mul(overTime(normalised, scale), factor), overTime(shift, shift));
  return withGradient(reshape<"n c">(y, x.shape), [x, shift, scale], (dy) => {
    const dShifted = overTime(dy, scale);
    const dNormalised = reshape(mul(dShifted, factor), x.shape);
    const tilt = mean(mul(dNormalised, normalised), [1], { keepDims: true });
    const level = mean(dNormalised, [1], { keepDims: true });
    const dx = mul(inverse, sub(sub(dNormalised, level), mul(normalised, tilt)));
    const dScaled = mul(dShifted, overTime(normalised, scale));
    const summed = (g: Tensor) => reshape(sumTo(g, factor.shape), scale.shape);
    return [dx, summed(dShifted), summed(dScaled)];
  });
}

/** x + gate y. */
export function gatedAdd(x: Tensor<"n c">, gate: Tensor<"b c">, y: Tensor<"n c">): Tensor<"n c"> {
  return add(x, reshape(mul(overTime(y, gate), overTime(gate, gate)), x.shape));
}

/** Rows [t b, c] as [t, b c], for vectors [b, c], themselves [1, b c]. */
function overTime(rows: Tensor, vectors: Tensor<"b c">): Tensor<"t n"> {
  const [batch] = vectors.shape;
  return reshape(rows, [divideSizes(rows.shape[0], batch), sizeOf(vectors.shape)]);
}
