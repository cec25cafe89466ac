/**
 * Convolutions and pooling over [batch, channels, ...spatial], spatial of one or two axes. Convolution,
 * its transpose and the pools are closed under differentiation. Spatial sizes are known when traced.
 */
import { defineOp } from "../graph/op.js";
import { known, multiplySizes, type Size, sizeOf } from "../graph/size.js";
import {
  apply,
  applyAll,
  constant,
  formatType,
  ShapeError,
  type Tensor,
  type TensorType,
  type Unnamed,
} from "../graph/tensor.js";
import { scatterAdd, zeros } from "./gather.js";
import { expand, reshape, sum, transpose } from "./movement.js";
import { slice } from "./slice.js";

/** One number for every spatial axis, or one each. */
type PerAxis = number | readonly number[];

export interface ConvOptions {
  stride?: PerAxis;
  /** Zeros on both sides of each spatial axis. */
  padding?: PerAxis;
  /** Distance between the elements of the kernel. */
  dilation?: PerAxis;
  /** Channels are cut into this many groups that do not mix. */
  groups?: number;
  /** One number an output channel. */
  bias?: Tensor;
}

interface ConvAttrs {
  strides: readonly number[];
  padding: readonly number[];
  dilations: readonly number[];
  groups: number;
}

interface ConvTransposeAttrs extends ConvAttrs {
  /** Rows added at the end of each spatial axis, where several input sizes give one output size. */
  outputPadding: readonly number[];
}

const perAxis = (x: Tensor, value: PerAxis): readonly number[] =>
  typeof value === "number" ? Array<number>(x.rank - 2).fill(value) : value;

function convAttrs(x: Tensor, { stride = 1, padding = 0, dilation = 1, groups = 1 }: ConvOptions): ConvAttrs {
  return {
    strides: perAxis(x, stride),
    padding: perAxis(x, padding),
    dilations: perAxis(x, dilation),
    groups,
  };
}

const onnxAttributes = ({ strides, padding, dilations, groups }: ConvAttrs) => ({
  strides,
  pads: [...padding, ...padding],
  dilations,
  group: groups,
});

const spatialOf = (x: TensorType) => x.shape.slice(2).map(known);
const withBias = (g: Tensor, bias: Tensor | undefined) =>
  bias ? [sum(g, [...g.shape.keys()].toSpliced(1, 1))] : [];

/**
 * Cross-correlation, as neural networks call convolution. w: [out, in / groups, ...kernel]; the output's
 * axes have floor((size + 2 padding - dilation (kernel - 1) - 1) / stride) + 1 positions. [Conv-22]
 */
export function conv<S extends string = Unnamed>(x: Tensor, w: Tensor, options: ConvOptions = {}): Tensor<S> {
  const { bias } = options;
  return apply(Conv, bias ? [x, w, bias] : [x, w], convAttrs(x, options));
}

export const Conv = defineOp<ConvAttrs>({
  onnx: "Conv",
  type: ([x, w, bias], attrs) => {
    const { strides, padding, dilations, groups } = attrs;
    const out = known(w.shape[0]);
    const fits = x.shape.length === w.shape.length && x.shape[1] === multiplySizes(w.shape[1], groups);
    if (!fits || out % groups !== 0 || (bias && bias.shape[0] !== out)) throw mismatch(x, w, groups);
    const spatial = spatialOf(x).map((size, i) => {
      const span = dilations[i] * (known(w.shape[i + 2]) - 1) + 1;
      return positions(size + 2 * padding[i], span, strides[i], x);
    });
    return { dtype: x.dtype, shape: [x.shape[0], out, ...spatial] };
  },
  vjp: ([g], _, [x, w, bias], attrs) => [
    transposedTo(spatialOf(x), g, w, attrs),
    weightGradient(x, g, w.shape, attrs),
    ...withBias(g, bias),
  ],
  attributes: onnxAttributes,
  samples: [
    { inputs: [{ shape: [2, 2, 4, 5] }, { shape: [3, 2, 2, 3] }, { shape: [3] }], attrs: plain(2) },
    {
      inputs: [{ shape: [2, 2, 6, 5] }, { shape: [2, 2, 3, 2] }],
      attrs: { strides: [2, 3], padding: [1, 0], dilations: [1, 2], groups: 1 },
    },
    {
      inputs: [{ shape: [2, 4, 5] }, { shape: [6, 2, 3] }, { shape: [6] }],
      attrs: { strides: [2], padding: [2], dilations: [1], groups: 2 },
    },
    { inputs: [{ shape: [1, 3, 4] }, { shape: [3, 1, 2] }], attrs: { ...plain(1), groups: 3 } },
  ],
});

/**
 * The transpose of `conv` as a linear map of x, with which it shares its weights: w: [in, out / groups,
 * ...kernel]. `outputPadding` picks one of the `stride` sizes that conv maps to this one. [ConvTranspose-22]
 */
export function convTranspose<S extends string = Unnamed>(
  x: Tensor,
  w: Tensor,
  options: ConvOptions & { outputPadding?: PerAxis } = {},
): Tensor<S> {
  const { bias, outputPadding = 0 } = options;
  const attrs = { ...convAttrs(x, options), outputPadding: perAxis(x, outputPadding) };
  return apply(ConvTranspose, bias ? [x, w, bias] : [x, w], attrs);
}

export const ConvTranspose = defineOp<ConvTransposeAttrs>({
  onnx: "ConvTranspose",
  type: ([x, w, bias], attrs) => {
    const [width, perGroup] = w.shape.map(known);
    const out = perGroup * attrs.groups;
    const fits = x.shape.length === w.shape.length && known(x.shape[1]) === width;
    if (!fits || width % attrs.groups !== 0 || (bias && bias.shape[0] !== out)) {
      throw mismatch(x, w, attrs.groups);
    }
    const smallest = smallestInput(spatialOf(x), w, attrs);
    return {
      dtype: x.dtype,
      shape: [x.shape[0], out, ...smallest.map((n, i) => n + attrs.outputPadding[i])],
    };
  },
  vjp: ([g], _, [x, w, bias], { outputPadding: _added, ...attrs }) => [
    apply(Conv, [g, w], attrs),
    weightGradient(g, x, w.shape, attrs),
    ...withBias(g, bias),
  ],
  attributes: ({ outputPadding, ...attrs }) => ({ ...onnxAttributes(attrs), output_padding: outputPadding }),
  samples: [
    {
      inputs: [{ shape: [2, 2, 2, 3] }, { shape: [2, 3, 2, 3] }, { shape: [3] }],
      attrs: { ...plain(2), outputPadding: [0, 0] },
    },
    {
      inputs: [{ shape: [2, 4, 3] }, { shape: [4, 1, 3] }],
      attrs: { strides: [2], padding: [1], dilations: [1], groups: 2, outputPadding: [1] },
    },
    {
      inputs: [{ shape: [1, 2, 2, 3] }, { shape: [2, 2, 2, 2] }],
      attrs: { strides: [3, 1], padding: [0, 1], dilations: [1, 2], groups: 1, outputPadding: [2, 0] },
    },
  ],
});

function plain(axes: number): ConvAttrs {
  const all = (value: number) => Array<number>(axes).fill(value);
  return { strides: all(1), padding: all(0), dilations: all(1), groups: 1 };
}

/** The smallest spatial sizes that a convolution maps to `spatial`. */
function smallestInput(spatial: readonly number[], w: TensorType, attrs: ConvAttrs): number[] {
  const { strides, padding, dilations } = attrs;
  return spatial.map(
    (size, i) => strides[i] * (size - 1) + dilations[i] * (known(w.shape[i + 2]) - 1) + 1 - 2 * padding[i],
  );
}

/** The transposed convolution of g with the exact spatial sizes `size`. */
function transposedTo(size: readonly number[], g: Tensor, w: Tensor, attrs: ConvAttrs): Tensor {
  const smallest = smallestInput(spatialOf(g), w, attrs);
  return apply(ConvTranspose, [g, w], { ...attrs, outputPadding: size.map((n, i) => n - smallest[i]) });
}

/**
 * The gradient of a convolution's weights of `shape`: dw[o, i, k] sums g[n, o, p] x[n, i, stride p + dilation k]
 * over n and p, a convolution of x with g in which batch and channels, stride and dilation change places.
 */
function weightGradient(x: Tensor, g: Tensor, shape: readonly Size[], attrs: ConvAttrs): Tensor {
  const { strides, dilations, groups, padding } = attrs;
  const [batch, , ...spatial] = x.shape;
  const channels = shape[1];
  const apart = reshape(x, [batch, groups, channels, ...spatial]);
  const swapped = transpose(apart, [2, 1, 0, ...spatial.map((_, i) => i + 3)]);
  const image = reshape(swapped, [channels, multiplySizes(groups, batch), ...spatial]);
  const crossing = { strides: dilations, dilations: strides, padding, groups };
  const crossed = apply(Conv, [image, swapFirst(g)], crossing);
  // Where the stride left rows over, positions beyond the kernel appear.
  return swapFirst(shape.slice(2).reduce<Tensor>((w, size, i) => slice(w, i + 2, 0, size), crossed));
}

/** Exchanges the first two axes. */
function swapFirst(x: Tensor): Tensor {
  return transpose(x, [1, 0, ...x.shape.keys()].toSpliced(2, 2));
}

interface PoolAttrs {
  kernel: readonly number[];
  strides: readonly number[];
  padding: readonly number[];
}

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

/** How many windows of `span` fit into `size` at a stride. */
function positions(size: number, span: number, stride: number, x: TensorType): number {
  if (size >= span) return Math.floor((size - span) / stride) + 1;
  throw new ShapeError(
    "a window is larger than what it moves over",
    `${span} over ${size} (with padding) of ${formatType(x)}`,
    "pad more, or choose a smaller kernel or dilation",
  );
}

function mismatch(x: TensorType, w: TensorType, groups: number): ShapeError {
  return new ShapeError(
    "weights do not fit their convolution",
    `${formatType(w)} for ${formatType(x)} in ${groups} groups`,
    "conv takes [out, in / groups, ...kernel], its transpose [in, out / groups, ...kernel], bias [out]",
  );
}
