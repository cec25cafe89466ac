/**
 * Gradients of convolutions, written as what the CPU runs fastest. In one group, measured for
 * kernels of 3x3 on 64 to 256 channels, in processor time against PyTorch's: weights 0.9 to 1.1 (as a
 * convolution with swapped axes 1.7 to 2.2), input 0.8 to 1.2 (as ConvTranspose 1.2 to 1.5).
 * A channel a group, kernels of 9 and 31 on [16, 192, 200], in times of the forward pass: weights 1.2 to 1.8 (as a
 * convolution with swapped axes 2.2 to 3.7), input 1.0 to 1.5 (as ConvTranspose 25 to 40).
 */
import { known, multiplySizes, type Size, sizeOf } from "../graph/size.js";
import { constant, type Tensor } from "../graph/tensor.js";
import { gemm, matmul, swapLast } from "./matmul.js";
import { reshape, sum, transpose } from "./movement.js";
import { concat, pad, slice } from "./slice.js";

interface Spacing {
  readonly strides: readonly number[];
  readonly padding: readonly number[];
  readonly dilations: readonly number[];
}

/**
 * dw[o, i, k] = sum over n and p of g[n, o, p] x[n, i, stride p + dilation k - padding] as products of matrices
 * [channels, n p], for a kernel of sizes `kernel`. With strides of one moving x along an axis one way is moving g the
 * other way, so the moved copies are of the tensor with fewer channels, or of each along one axis: 3 + 3 instead of
 * the 9 copies of x that a product with all its patches needs.
 */
export function weightProducts(
  x: Tensor,
  g: Tensor,
  kernel: readonly number[],
  { strides, padding, dilations }: Spacing,
): Tensor {
  const [inputs, outputs] = [x, g].map(({ shape }) => known(shape[1]));
  const axes = [...kernel.keys()];
  const onlyX = 2 * inputs <= outputs || strides.some((stride) => stride > 1);
  const ofX = onlyX ? axes : axes.slice(2 * outputs <= inputs ? axes.length : -1);
  const ofG = axes.filter((axis) => !ofX.includes(axis));
  const start = (axis: number, k: number) => dilations[axis] * k - padding[axis];
  const moved = (y: Tensor, along: readonly number[], sign: number, other: Tensor) =>
    along.reduce(
      (made, axis) =>
        made.flatMap((part) =>
          Array.from({ length: kernel[axis] }, (_, k) =>
            strided(part, axis + 1, sign * start(axis, k), strides[axis], known(other.shape[axis + 2])),
          ),
        ),
      [batchLast(y)],
    );
  const patches = asRows(concat(moved(x, ofX, 1, g), 0)); // (kernel of x, inputs), p n
  const movedG = moved(g, ofG, -1, x);
  const [input, output] = [axes.length, axes.length + 1]; // channels behind the kernel's axes
  // The matrix with more rows comes first: up to 1.5 times as fast as the other way round.
  const [products, order] =
    ofX.length > 0
      ? [movedG.map((part) => gemm(patches, asRows(part), { transB: true })), [...ofG, ...ofX, input, output]]
      : [[gemm(asRows(concat(movedG, 0)), patches, { transB: true })], [...ofG, output, input]];
  const sizes = [...kernel, inputs, outputs];
  const apart = reshape(
    concat(products, 0),
    order.map((place) => sizes[place]),
  );
  return transpose(
    apart,
    [output, input, ...axes].map((place) => order.indexOf(place)),
  );
}

/** Time is cut into blocks no shorter than this: products of fewer columns cost as much. */
const shortestBlock = 8;

/**
 * dw[c, 0, k] = sum over n and t of g[n, c, t] x[n, c, t + k - padding], a channel a group, of x and g [n, c, time].
 * With time in blocks of L, g's meet x's and those of the following block, products [L, n blocks] [n blocks, L]
 * a channel; in both side by side, [L, 2 L], dw[k] is the sum of a diagonal, i and i + k.
 */
export function depthwiseWeights(x: Tensor, g: Tensor, kernel: number, padding: number): Tensor {
  const [batch, channels, time] = g.shape;
  const length = Math.max(kernel - 1, shortestBlock);
  const count = Math.ceil(known(time) / length);
  const inBlocks = (y: Tensor, start: number, blocks: number) => {
    const cut = swapFirst(window(y, 2, start, blocks * length));
    return reshape(cut, [channels, batch, blocks, length]);
  };
  const rows = (blocks: Tensor) => reshape(blocks, [channels, multiplySizes(batch, count), length]);
  const turnedG = swapLast(rows(inBlocks(g, 0, count)));
  const ofX = inBlocks(x, -padding, count + 1);
  const meeting = (first: number) => matmul(turnedG, rows(slice(ofX, 2, first, first + count)));
  const products = reshape(concat([meeting(0), meeting(1)], 2), [channels, 2 * length ** 2]);
  // Rows longer by one: what lay on a diagonal lies in a column.
  const skewed = reshape(pad(products, 1, 0, length), [channels, length, 2 * length + 1]);
  return reshape(slice(sum(skewed, [1]), 1, 0, kernel), [channels, 1, kernel]);
}

/** The weights [inputs, outputs / groups, ...kernel] of the convolution that carries a gradient back to the input. */
export function turned(w: Tensor, groups: number): Tensor {
  const [outputs, inputs, ...kernel] = w.shape;
  const taps = known(sizeOf(kernel));
  const perGroup = known(outputs) / groups;
  const apart = reshape(w, [groups, perGroup, inputs, taps]);
  const swapped = transpose(apart, [0, 2, 1, 3]);
  const rows = reshape(swapped, [multiplySizes(outputs, inputs), taps]);
  const reversal = Float32Array.from({ length: taps ** 2 }, (_, i) =>
    (i % taps) + Math.floor(i / taps) === taps - 1 ? 1 : 0,
  );
  const reversed = taps === 1 ? rows : gemm(rows, constant(reversal, [taps, taps], w.dtype));
  return reshape(reversed, [multiplySizes(groups, inputs), perGroup, ...kernel]);
}

/** [n, channels, ...spatial] as [channels, ...spatial, n]: moving it along a spatial axis copies long stretches. */
function batchLast(x: Tensor): Tensor {
  return transpose(x, [...[...x.shape.keys()].slice(1), 0]);
}

/** Exchanges the first two axes. */
export function swapFirst(x: Tensor): Tensor {
  return transpose(x, [1, 0, ...x.shape.keys()].toSpliced(2, 2));
}

/** [channels, ...] as [channels, n]. */
function asRows(x: Tensor): Tensor {
  const rest: readonly Size[] = x.shape.slice(1);
  return reshape(x, [x.shape[0], sizeOf(rest)]);
}

/** So many elements of an axis, every `stride`-th from `start` on, zeros where it has none. */
function strided(x: Tensor, axis: number, start: number, stride: number, length: number): Tensor {
  if (stride === 1) return window(x, axis, start, length);
  const row = Math.floor(start / stride);
  const place = start - row * stride;
  const rows = Math.ceil(known(x.shape[axis]) / stride);
  const whole = pad(x, axis, 0, rows * stride - known(x.shape[axis]));
  const inRows = reshape(whole, x.shape.toSpliced(axis, 1, rows, stride));
  const column = slice(inRows, axis + 1, place, place + 1);
  return window(reshape(column, x.shape.with(axis, rows)), axis, row, length);
}

/** Elements `start` to `start + length` of an axis, zeros where it has none. */
function window(x: Tensor, axis: number, start: number, length: number): Tensor {
  const size = known(x.shape[axis]);
  const end = start + length;
  return start < size && end > 0
    ? pad(x, axis, -start, end - size)
    : pad(slice(x, axis, 0, 0), axis, 0, length);
}
