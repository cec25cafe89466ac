/** Pooling and upsampling over [batch, channels, ...spatial], spatial of one or two axes. */
import { defineOp } from "../graph/op.js";
import { known, multiplySizes, type Size, sizeOf } from "../graph/size.js";
import { apply, applyAll, constant, type Tensor, type TensorType, type Unnamed } from "../graph/tensor.js";
import { type PerAxis, perAxis, positions, spatialOf, transposedTo } from "./convolution.js";
import { scatterAdd } from "./gather.js";
import { expand, reshape, zeros } from "./movement.js";

interface PoolAttrs {
  kernel: readonly number[];
  strides: readonly number[];
  padding: readonly number[];
}

/** How the windows of a pooling lie. */
export interface PoolOptions {
  /** Default: the kernel's size, so that windows do not overlap. */
  stride?: PerAxis;
  padding?: PerAxis;
}

function poolAttrs(x: Tensor, size: PerAxis, { stride = size, padding = 0 }: PoolOptions): PoolAttrs {
  return { kernel: perAxis(x, size), strides: perAxis(x, stride), padding: perAxis(x, padding) };
}

const pooledShape = (x: TensorType, { kernel, strides, padding }: PoolAttrs): Size[] => [
  ...x.shape.slice(0, 2),
  ...spatialOf(x).map((n, i) => positions(n + 2 * padding[i], kernel[i], strides[i], x)),
];

const poolAttributes = ({ kernel, strides, padding }: PoolAttrs) => ({
  kernel_shape: kernel,
  strides,
  pads: [...padding, ...padding],
});

/** The largest element of each window of `size`; the gradient goes to its first place. [MaxPool-22] */
export function maxPool<S extends string = Unnamed>(
  x: Tensor,
  size: PerAxis,
  options: PoolOptions = {},
): Tensor<S> {
  return applyAll(MaxPool, [x], poolAttrs(x, size, options))[0];
}

/** Outputs: the largest elements and where they lie (int64) in the flat x. */
export const MaxPool = defineOp<PoolAttrs>({
  onnx: "MaxPool",
  type: ([x], attrs) => {
    const shape = pooledShape(x, attrs);
    return [
      { dtype: x.dtype, shape },
      { dtype: "int64", shape },
    ];
  },
  vjp: ([g], [, places], [x]) => [reshape(scatterAdd(zeros([x.size], g.dtype), places, g), x.shape)],
  attributes: poolAttributes,
  samples: [
    {
      inputs: [{ shape: [1, 2, 3, 3], values: [3, 1, 7, 2, 9, 4, 0, 6, 5, -3, 1, -7, -2, 8, -4, 2, -6, -5] }],
      attrs: { kernel: [2, 2], strides: [1, 1], padding: [1, 0] },
    },
    {
      inputs: [{ shape: [2, 1, 4], values: [3, 1, 7, 2, -3, 4, -6, 5] }],
      attrs: { kernel: [2], strides: [2], padding: [0] },
    },
  ],
});

/** The mean of each window of `size`; padding counts as zeros. [AveragePool-22] */
export function averagePool<S extends string = Unnamed>(
  x: Tensor,
  size: PerAxis,
  options: PoolOptions = {},
): Tensor<S> {
  return apply(AveragePool, [x], poolAttrs(x, size, options));
}

export const AveragePool = defineOp<PoolAttrs>({
  onnx: "AveragePool",
  type: ([x], attrs) => ({ dtype: x.dtype, shape: pooledShape(x, attrs) }),
  // A window's mean is a convolution of every channel for itself with equal weights.
  vjp: ([g], _, [x], { kernel, strides, padding }) => {
    const alone = reshape(g, [multiplySizes(g.shape[0], g.shape[1]), 1, ...g.shape.slice(2)]);
    const area = known(sizeOf(kernel));
    const weights = constant(Array<number>(area).fill(1 / area), [1, 1, ...kernel], g.dtype);
    const attrs = { strides, padding, dilations: kernel.map(() => 1), groups: 1 };
    return [reshape(transposedTo(spatialOf(x), alone, weights, attrs), x.shape)];
  },
  attributes: (attrs) => ({ ...poolAttributes(attrs), count_include_pad: 1 }),
  samples: [
    { inputs: [{ shape: [2, 2, 5, 4] }], attrs: { kernel: [3, 2], strides: [2, 1], padding: [1, 0] } },
    { inputs: [{ shape: [2, 3, 4] }], attrs: { kernel: [2], strides: [2], padding: [0] } },
  ],
});

/** Repeats every element `factor` times along each spatial axis: nearest-neighbour upsampling. */
export function upsample<S extends string = Unnamed>(x: Tensor, factor: PerAxis): Tensor<S> {
  const factors = perAxis(x, factor);
  const lead = x.shape.slice(0, 2);
  const spatial = x.shape.slice(2);
  const apart = reshape(x, [...lead, ...spatial.flatMap((size) => [size, 1])]);
  const repeated = expand(apart, [...lead, ...spatial.flatMap((size, i) => [size, factors[i]])]);
  return reshape(repeated, [...lead, ...spatial.map((size, i) => multiplySizes(size, factors[i]))]);
}
