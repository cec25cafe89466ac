/**
 * Weights that stay as they are, in blocks of 8 or 4 bits, under an adapter that learns in float32 [Dettmers et al. 2023,
 * section 3, with the blocks of block-quantised.ts instead of NF4 and with scales in float32].
 */
import { after, withGradient } from "../core/autodiff/custom.js";
import { known, multiplySizes } from "../core/graph/size.js";
import type { Tensor } from "../core/graph/tensor.js";
import { cast, floor, mul, sub } from "../core/ops/elementwise.js";
import { gemm } from "../core/ops/matmul.js";
import { reshape } from "../core/ops/movement.js";
import { concat, slice } from "../core/ops/slice.js";
import { type Bits, blockProduct, blockSize, dequantise, quantise } from "./block-quantised.js";
import type { Parameter } from "./parameter.js";
import type { BlockInputs, Weight } from "./weights.js";

/** A weight in blocks of so many bits, where it is the matrix of a linear layer; the others are the same. */
export function inBlocks({ inputAxis }: Parameter, weight: Weight, bits: Bits): Weight {
  const { shape, data } = weight;
  if (inputAxis === undefined || shape.length !== 2) return weight;
  const transposed = inputAxis === 0;
  const blocks = quantise(data, shape, bits, transposed);
  return {
    shape,
    blocks,
    get data() {
      return dequantise(blocks, transposed);
    },
  };
}

/**
 * x W^T for rows x [n, inputs] and a W that gets no gradient. Both ways W is what its codes stand for, in float32; the
 * way back makes it of them when its turn comes, and keeps none.
 */
export function blockLinear(x: Tensor<"n c">, weight: BlockInputs): Tensor<"n c"> {
  const { codes, scales } = weight;
  return withGradient<"n c">(blockProduct(x, codes, scales, weight, { exact: true }), [x], (dy) => {
    const parts = weight.bits === 8 ? [bytes(weight, dy)] : halves(weight, dy);
    const [rows] = dy.shape;
    const products = parts.map((part) => reshape(gemm(dy, part), [rows, part.shape[1], 1]));
    const whole = products.length === 1 ? products[0] : concat(products, 2);
    const dx = reshape(whole, [rows, known(codes.shape[1]) * blockSize]);
    return [slice(dx, 1, 0, weight.inputs)];
  });
}

/** W [outputs, blocks 32] of codes of 8 bits, once dy is known. */
function bytes({ codes, scales }: BlockInputs, dy: Tensor): Tensor {
  return scaled(cast(codes, dy.dtype), 128, after(scales, dy));
}

/** The inputs of even and of odd number of W, [outputs, blocks 16] each, of codes of 4 bits, once dy is known. */
function halves({ codes, scales }: BlockInputs, dy: Tensor): Tensor[] {
  const pairs = cast(codes, dy.dtype);
  const odd = floor(mul(pairs, 1 / 16));
  const even = sub(pairs, mul(odd, 16));
  return [even, odd].map((half) => scaled(half, 8, after(scales, dy)));
}

/** (codes - zero) scales for codes [outputs, blocks, n], as [outputs, blocks n]. */
function scaled(codes: Tensor, zero: number, scales: Tensor): Tensor {
  const [outputs, blocks, each] = codes.shape;
  const values = mul(sub(codes, zero), reshape(scales, [outputs, blocks, 1]));
  return reshape(values, [outputs, multiplySizes(blocks, each)]);
}
