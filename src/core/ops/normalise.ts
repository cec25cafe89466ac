/** Softmax family, normalisations over the last axis, rotary positions. */
import { defineOp } from "../graph/op.js";
import { known } from "../graph/size.js";
import { apply, applyAll, ShapeError, type Tensor, type TensorType } from "../graph/tensor.js";
import { add, cast, exp, mul, neg, sub } from "./elementwise.js";
import { keptShape, positiveAxes, sum, sumTo } from "./movement.js";
import { mean } from "./reduce.js";

interface AxisAttrs {
  axis: number;
}

/** e^x normalised to sum 1 along an axis. [Softmax-13] */
export function softmax<S extends string>(x: Tensor<S>, axis = -1): Tensor<S> {
  return apply(Softmax, [x], { axis: positiveAxes(x, [axis])[0] });
}

export const Softmax = defineOp<AxisAttrs>({
  onnx: "Softmax",
  type: ([x]) => x,
  vjp: ([g], [y], _, { axis }) => {
    const weighted = mul(g, y);
    return [sub(weighted, mul(y, sum(weighted, [axis], { keepDims: true })))];
  },
  attributes: ({ axis }) => ({ axis }),
  samples: [
    { inputs: [{ shape: [3, 4] }], attrs: { axis: 1 } },
    { inputs: [{ shape: [2, 3, 2] }], attrs: { axis: 1 } },
  ],
});

/** log(softmax(x)) along an axis. [LogSoftmax-13] */
export function logSoftmax<S extends string>(x: Tensor<S>, axis = -1): Tensor<S> {
  return apply(LogSoftmax, [x], { axis: positiveAxes(x, [axis])[0] });
}

export const LogSoftmax = defineOp<AxisAttrs>({
  onnx: "LogSoftmax",
  type: ([x]) => x,
  vjp: ([g], [y], _, { axis }) => [sub(g, mul(exp(y), sum(g, [axis], { keepDims: true })))],
  lower: (emit, [x], { axis }) => {
    if (!emit.kernels.lacks?.has("LogSoftmax")) return emit.node("LogSoftmax", [x], { axis });
    // x - max - log(sum(exp(x - max)))
    const axes = emit.sizes([axis]);
    const shifted = emit.node("Sub", [x, ...emit.node("ReduceMax", [x, axes], { keepdims: 1 })]);
    const total = emit.node("ReduceSum", [...emit.node("Exp", shifted), axes], { keepdims: 1 });
    return emit.node("Sub", [...shifted, ...emit.node("Log", total)]);
  },
  samples: [{ inputs: [{ shape: [3, 4] }], attrs: { axis: 1 } }],
});

interface LayerNormAttrs {
  epsilon: number;
}

/**
 * (x - mean) / sqrt(variance + epsilon) * scale + bias over the last axis; scale and bias are vectors.
 * [LayerNormalization-17; Ba et al. 2016]
 */
export function layerNorm<S extends string>(
  x: Tensor<S>,
  scale: Tensor,
  bias: Tensor,
  epsilon = 1e-5,
): Tensor<S> {
  return applyAll(LayerNormalization, [x, scale, bias], { epsilon })[0];
}

/** Outputs: y, the mean and 1 / standard deviation of each row, kept at size 1 and always float32. */
export const LayerNormalization = defineOp<LayerNormAttrs>({
  onnx: "LayerNormalization",
  type: ([x, scale, bias]) => {
    const width = x.shape.at(-1);
    if (scale.shape.length !== 1 || scale.shape[0] !== width || bias.shape[0] !== width) {
      throw new ShapeError(
        "layer norm's scale and bias do not fit",
        `[${scale.shape.join(", ")}] and [${bias.shape.join(", ")}] for width ${width}`,
        "give vectors of the last axis' size",
      );
    }
    const shape = keptShape(x.shape, [x.shape.length - 1]);
    const row: TensorType = { dtype: "float32", shape };
    return [x, row, row];
  },
  vjp: ([g, dMean, dInverse], [, mean32, inverse32], [x, scale, bias]) => {
    const inverse = cast(inverse32, x.dtype);
    const normalised = mul(sub(x, cast(mean32, x.dtype)), inverse);
    const scaled = mul(g, scale);
    const tilt = mean(mul(scaled, normalised), [-1], { keepDims: true });
    let dx = mul(inverse, sub(sub(scaled, mean(scaled, [-1], { keepDims: true })), mul(normalised, tilt)));
    const width = known(x.shape.at(-1)!);
    if (dMean) dx = add(dx, mul(cast(dMean, x.dtype), 1 / width));
    if (dInverse) {
      const share = mul(cast(dInverse, x.dtype), mul(inverse, inverse));
      dx = sub(dx, mul(share, mul(normalised, 1 / width)));
    }
    return [dx, sumTo(mul(g, normalised), scale.shape), sumTo(g, bias.shape)];
  },
  attributes: ({ epsilon }) => ({ axis: -1, epsilon: { float: epsilon } }),
  samples: [{ inputs: [{ shape: [3, 5] }, { shape: [5] }, { shape: [5] }], attrs: { epsilon: 1e-5 } }],
});

/** x / sqrt(mean(x^2) + epsilon) * scale over the last axis; scale is a vector. [RMSNormalization-23] */
export function rmsNormalise<S extends string>(x: Tensor<S>, scale: Tensor, epsilon: number): Tensor<S> {
  return apply(RMSNormalization, [x, scale], { epsilon });
}

export const RMSNormalization = defineOp<LayerNormAttrs>({
  onnx: "RMSNormalization",
  type: ([x, scale]) => {
    if (scale.shape.length === 1 && scale.shape[0] === x.shape.at(-1)) return x;
    throw new ShapeError(
      "a norm's scale does not fit",
      `[${scale.shape.join(", ")}] for width ${x.shape.at(-1)}`,
      "give a vector of the last axis' size",
    );
  },
  lower: (emit, inputs, { epsilon }) =>
    // ONNX Runtime's own name for it, older than the standard's.
    emit.node(
      emit.kernels.lacks?.has("RMSNormalization") ? "SimplifiedLayerNormalization" : "RMSNormalization",
      inputs,
      {
        axis: -1,
        epsilon: { float: epsilon },
      },
    ),
  samples: [{ inputs: [{ shape: [3, 5] }, { shape: [5] }], attrs: { epsilon: 1e-5 } }],
});

interface RotaryAttrs {
  numHeads: number;
}

/**
 * Rotates the halves (x1, x2) of each head by position-dependent angles: (x1 cos - x2 sin, x2 cos + x1 sin).
 * x: [batch, time, heads * headWidth]; cos, sin: [positions, headWidth / 2]; positions: int64 [batch, time].
 * cos and sin get no gradient. [RotaryEmbedding-23; Su et al. 2021]
 */
export function applyRotary<S extends string>(
  x: Tensor<S>,
  cos: Tensor,
  sin: Tensor,
  positions: Tensor,
  numHeads: number,
): Tensor<S> {
  return apply(RotaryEmbedding, [x, cos, sin, positions], { numHeads });
}

export const RotaryEmbedding = defineOp<RotaryAttrs>({
  onnx: "RotaryEmbedding",
  type: ([x, cos], { numHeads }: RotaryAttrs): TensorType => {
    if (known(x.shape[2]) !== 2 * numHeads * known(cos.shape[1])) {
      throw new ShapeError(
        "rotary angles do not fit the heads",
        `width ${x.shape[2]}, ${numHeads} heads, ${cos.shape[1]} angles`,
        "give headWidth / 2 angles a position",
      );
    }
    return x;
  },
  // A rotation's transpose is the rotation back.
  vjp: ([g], _, [, cos, sin, positions], { numHeads }) => [
    applyRotary(g, cos, neg(sin), positions, numHeads),
    undefined,
    undefined,
    undefined,
  ],
  lower: (emit, [x, cos, sin, positions], { numHeads }) =>
    emit.kernels.lacks?.has("RotaryEmbedding")
      ? // ONNX Runtime's own, older than the standard's; a head's width is twice that of the angles.
        emit.node("RotaryEmbedding", [x, positions, cos, sin], {}, 1, "com.microsoft")
      : emit.node("RotaryEmbedding", [x, cos, sin, positions], { num_heads: numHeads }),
  samples: [
    {
      inputs: [
        { shape: [2, 3, 8] },
        { shape: [3, 2] },
        { shape: [3, 2] },
        { shape: [2, 3], dtype: "int64", values: [0, 1, 2, 2, 1, 0] },
      ],
      attrs: { numHeads: 2 },
    },
  ],
});
