/**
 * Matrices in 8 or 4 bits: 32 consecutive inputs of one output share a scale. A product then reads a quarter
 * or an eighth of the bytes, and reading is what decoding waits for.
 */
import { defineOp } from "../core/graph/op.js";
import { apply, formatType, ShapeError, type Tensor } from "../core/graph/tensor.js";

export const blockSize = 32;

export type Bits = 4 | 8;

/** A matrix [outputs, inputs] in blocks. */
export interface Quantised {
  readonly bits: Bits;
  readonly outputs: number;
  readonly inputs: number;
  /** [outputs, blocks, bytes a block]: w / scale + 2^(bits - 1); of two 4-bit numbers the first is the low half. */
  readonly codes: Uint8Array;
  /** [outputs, blocks] */
  readonly scales: Float32Array;
}

/** Rounds a matrix [outputs, inputs], or [inputs, outputs] when `transposed`, to the nearest codes. */
export function quantise(
  data: Float32Array,
  [rows, columns]: readonly number[],
  bits: Bits,
  transposed: boolean,
): Quantised {
  const [outputs, inputs] = transposed ? [columns, rows] : [rows, columns];
  const blocks = Math.ceil(inputs / blockSize);
  const bytes = (blockSize * bits) / 8;
  const codes = new Uint8Array(outputs * blocks * bytes);
  const scales = new Float32Array(outputs * blocks);
  const block = new Float32Array(blockSize);
  const [outputStride, inputStride] = transposed ? [1, outputs] : [inputs, 1];
  for (let i = 0; i < scales.length; i++) {
    const output = Math.floor(i / blocks);
    const first = (i % blocks) * blockSize;
    const length = Math.min(blockSize, inputs - first);
    const start = output * outputStride + first * inputStride;
    for (let k = 0; k < length; k++) block[k] = data[start + k * inputStride];
    block.fill(0, length);
    scales[i] = quantiseBlock(block, bits, codes, i * bytes);
  }
  return { bits, outputs, inputs, codes, scales };
}

/**
 * Writes the codes of one block and returns its scale. The number of largest size gets the lowest code,
 * whatever its sign, because there is one code more below the middle than above.
 */
function quantiseBlock(block: Float32Array, bits: Bits, codes: Uint8Array, at: number): number {
  let extreme = 0;
  for (let k = 0; k < blockSize; k++) if (Math.abs(block[k]) > Math.abs(extreme)) extreme = block[k];
  const middle = 2 ** (bits - 1);
  const scale = extreme === 0 ? 0 : Math.fround(extreme / -middle);
  const perUnit = scale === 0 ? 0 : 1 / scale;
  for (let k = 0; k < blockSize; k++) {
    // Nothing is negative here, so cutting off the fraction rounds down.
    const rounded = (block[k] * perUnit + middle + 0.5) | 0;
    const code = rounded < 2 * middle ? rounded : 2 * middle - 1;
    if (bits === 8) codes[at + k] = code;
    else codes[at + (k >> 1)] |= code << (4 * (k & 1));
  }
  return scale;
}

/** What the codes stand for, [outputs, inputs], or [inputs, outputs] when `transposed`. A fresh array. */
export function dequantise(
  { bits, outputs, inputs, codes, scales }: Quantised,
  transposed: boolean,
): Float32Array {
  const data = new Float32Array(outputs * inputs);
  const [outputStride, inputStride] = transposed ? [1, outputs] : [inputs, 1];
  const blocks = scales.length / outputs;
  const middle = 2 ** (bits - 1);
  for (let output = 0; output < outputs; output++) {
    for (let k = 0; k < inputs; k++) {
      const place = output * blocks * blockSize + k;
      const code = bits === 8 ? codes[place] : (codes[place >> 1] >> (4 * (place & 1))) & 15;
      data[output * outputStride + k * inputStride] = (code - middle) * scales[Math.floor(place / blockSize)];
    }
  }
  return data;
}

/** The sizes of a matrix in blocks. */
export type BlockSizes = Pick<Quantised, "bits" | "outputs" | "inputs">;

interface BlockAttrs extends BlockSizes {
  readonly exact: boolean;
}

/**
 * x W^T for W in blocks, codes [outputs, blocks, bytes a block] and scales [outputs, blocks]; x is rounded to 8 bits as
 * well, unless it is to be `exact`. [com.microsoft MatMulNBits-1]
 */
export function blockProduct(
  x: Tensor,
  codes: Tensor,
  scales: Tensor,
  { bits, outputs, inputs }: BlockSizes,
  { exact = false } = {},
): Tensor {
  return apply(MatMulNBits, [x, codes, scales], { bits, outputs, inputs, exact });
}

const MatMulNBits = defineOp<BlockAttrs>({
  onnx: "MatMulNBits",
  domain: "com.microsoft",
  type: ([x], { inputs, outputs }) => {
    if (x.shape.at(-1) !== inputs) {
      throw new ShapeError(
        "a quantised matrix does not fit its input",
        `${formatType(x)} for ${inputs} inputs`,
        "make the last axis as long as the matrix has inputs",
      );
    }
    return { dtype: x.dtype, shape: x.shape.with(-1, outputs) };
  },
  attributes: ({ bits, outputs, inputs, exact }) => ({
    N: outputs,
    K: inputs,
    bits,
    block_size: blockSize,
    accuracy_level: exact ? 1 : 4, // float32 or int8 products
  }),
  samples: [],
});
