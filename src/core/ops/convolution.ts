/**
 * Convolution and its transpose over [batch, channels, ...spatial], spatial of one or two axes: closed
 * under differentiation. The batch's size may be a name; a spatial one too in a convolution with a stride of one, which
 * then has no gradient.
 */
import { defineOp } from "../graph/op.js";
import { addSizes, known, multiplySizes, type Size } from "../graph/size.js";
import {
  apply,
  formatType,
  ShapeError,
  type Tensor,
  type TensorType,
  type Unnamed,
} from "../graph/tensor.js";
import { blockedConvolution } from "./blocked-convolution.js";
import { depthwiseWeights, swapFirst, turned, weightProducts } from "./convolution-gradient.js";
import { reshape, sum, transpose } from "./movement.js";
import { slice } from "./slice.js";

/** One number for every spatial axis, or one each. */
export type PerAxis = number | readonly number[];

/** How the windows of a convolution lie, and what is added. */
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

/** One number for every spatial axis of `x`. */
export const perAxis = (x: Tensor, value: PerAxis): readonly number[] =>
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

/** The spatial sizes of a tensor. */
export const spatialOf = (x: TensorType) => x.shape.slice(2).map(known);
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
    const spatial = x.shape.slice(2).map((size, i) => {
      const span = dilations[i] * (known(w.shape[i + 2]) - 1) + 1;
      if (typeof size === "string" && strides[i] === 1) return addSizes(size, 2 * padding[i] - span + 1);
      return positions(known(size) + 2 * padding[i], span, strides[i], x);
    });
    return { dtype: x.dtype, shape: [x.shape[0], out, ...spatial] };
  },
  vjp: ([g], _, [x, w, bias], attrs) => [
    inputGradient(x, g, w, attrs),
    weightGradient(x, g, w.shape, attrs),
    ...withBias(g, bias),
  ],
  lower: (emit, inputs, attrs, node) =>
    blockedConvolution(emit, inputs, onnxAttributes(attrs), node) ??
    emit.node("Conv", inputs, onnxAttributes(attrs)),
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
    // A channel a group: over several blocks of time, with a kernel that reaches beyond both ends, and dilated.
    {
      inputs: [{ shape: [2, 3, 19] }, { shape: [3, 1, 4] }],
      attrs: { ...plain(1), padding: [1], groups: 3 },
    },
    {
      inputs: [{ shape: [2, 2, 4] }, { shape: [2, 1, 11] }, { shape: [2] }],
      attrs: { ...plain(1), padding: [5], groups: 2 },
    },
    {
      inputs: [{ shape: [1, 2, 6] }, { shape: [2, 1, 3] }],
      attrs: { ...plain(1), dilations: [2], groups: 2 },
    },
    {
      inputs: [{ shape: [1, 4, 3, 4] }, { shape: [6, 2, 2, 3] }],
      attrs: { ...plain(2), padding: [1, 0], groups: 2 },
    },
    // Many channels in, many out, a kernel that reaches beyond the image on both sides.
    {
      inputs: [{ shape: [2, 4, 4, 3] }, { shape: [2, 4, 3, 2] }],
      attrs: { ...plain(2), padding: [2, 1], dilations: [2, 1] },
    },
    {
      inputs: [{ shape: [2, 1, 3, 4] }, { shape: [3, 1, 2, 3] }, { shape: [3] }],
      attrs: { ...plain(2), padding: [3, 1] },
    },
    { inputs: [{ shape: [2, 3, 1, 1] }, { shape: [2, 3, 3, 3] }], attrs: { ...plain(2), padding: [1, 1] } },
    { inputs: [{ shape: [2, 3, 4] }, { shape: [3, 3, 1] }], attrs: plain(1) },
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
  lower(emit, inputs, { outputPadding, ...attrs }, { inputs: [, { shape }] }) {
    const [width, perGroup] = shape.map(known);
    const { groups } = attrs;
    const all = { ...onnxAttributes(attrs), output_padding: outputPadding };
    const isWrong = emit.kernels.lacks?.has("ConvTranspose, one channel a group");
    if (!isWrong || perGroup > 1 || groups === 1 || width === groups) {
      return emit.node("ConvTranspose", inputs, all);
    }
    // Group by group: x along its channels, weights and bias along their first axis.
    const parts = inputs.map((name, i) =>
      emit.node("Split", [name], { axis: i === 0 ? 1 : 0, num_outputs: groups }, groups),
    );
    const made = Array.from({ length: groups }, (_, group) =>
      emit.node(
        "ConvTranspose",
        parts.map((part) => part[group]),
        { ...all, group: 1 },
      ),
    );
    return emit.node("Concat", made.flat(), { axis: 1 });
  },
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

/** Each is a copy of the image's part that a strided kernel's weight meets. */
const mostStridedTaps = 16;

const isOne = (value: number) => value === 1;

/** The gradient of a convolution's input: where it can be, another convolution. */
function inputGradient(x: Tensor, g: Tensor, w: Tensor, attrs: ConvAttrs): Tensor {
  const reach = attrs.dilations.map((dilation, i) => dilation * (known(w.shape[i + 2]) - 1));
  const padding = reach.map((span, i) => span - attrs.padding[i]);
  const direct = attrs.strides.every(isOne) && padding.every((zeros) => zeros >= 0);
  return direct
    ? apply(Conv, [g, turned(w, attrs.groups)], { ...attrs, padding })
    : transposedTo(spatialOf(x), g, w, attrs);
}

/** The smallest spatial sizes that a convolution maps to `spatial`. */
function smallestInput(spatial: readonly number[], w: TensorType, attrs: ConvAttrs): number[] {
  const { strides, padding, dilations } = attrs;
  return spatial.map(
    (size, i) => strides[i] * (size - 1) + dilations[i] * (known(w.shape[i + 2]) - 1) + 1 - 2 * padding[i],
  );
}

/** The transposed convolution of g with the exact spatial sizes `size`. */
export function transposedTo(size: readonly number[], g: Tensor, w: Tensor, attrs: ConvAttrs): Tensor {
  const smallest = smallestInput(spatialOf(g), w, attrs);
  return apply(ConvTranspose, [g, w], { ...attrs, outputPadding: size.map((n, i) => n - smallest[i]) });
}

/**
 * The gradient of a convolution's weights of `shape`: dw[o, i, k] sums g[n, o, p] x[n, i, stride p + dilation k]
 * over n and p. In general that is a convolution of x with g in which batch and channels, stride and dilation
 * change places.
 */
function weightGradient(x: Tensor, g: Tensor, shape: readonly Size[], attrs: ConvAttrs): Tensor {
  const { strides, dilations, groups, padding } = attrs;
  const kernel = shape.slice(2).map(known);
  const dense = strides.every(isOne);
  const fewTaps = kernel.reduce((taps, size) => taps * size, 1) <= mostStridedTaps;
  if (groups === 1 && (dense || fewTaps)) return weightProducts(x, g, kernel, attrs);
  const depthwise = groups === shape[0] && groups === x.shape[1];
  if (depthwise && dense && kernel.length === 1 && dilations.every(isOne)) {
    return depthwiseWeights(x, g, kernel[0], padding[0]);
  }
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

/** How many windows of `span` fit into `size` at a stride. */
export function positions(size: number, span: number, stride: number, x: TensorType): number {
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
