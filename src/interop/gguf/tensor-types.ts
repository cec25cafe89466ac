/** How we write the values of a tensor. */
import { toHalf } from "../../core/graph/dtype.js";
import { GgufError } from "./errors.js";
import { layouts, type TensorLayout } from "./tensor-layouts.js";

/** The types that we write. */
export type GgufType = "F32" | "F16" | "Q8_0";

export interface TensorType extends TensorLayout {
  /** Throws `GgufError` naming the tensor when a value is too large for the type. */
  encode(values: Float32Array, name: string): Uint8Array;
}

export const tensorTypes: Record<GgufType, TensorType> = {
  F32: {
    ...layouts.F32,
    encode: ({ buffer, byteOffset, byteLength }) => new Uint8Array(buffer, byteOffset, byteLength),
  },
  F16: {
    ...layouts.F16,
    encode(values, name) {
      const halves = new Uint16Array(values.length);
      for (let i = 0; i < values.length; i++) halves[i] = finiteHalf(values[i], name);
      return new Uint8Array(halves.buffer);
    },
  },
  Q8_0: { ...layouts.Q8_0, encode: encodeQ8 },
};

/**
 * Blocks of 32 values: a float16 scale d = max|x| / 127, then round(x / d) as int8, halves away from zero;
 * the same bits as ggml's reference. [ggml-quants.c, quantize_row_q8_0_ref]
 */
function encodeQ8(values: Float32Array, name: string): Uint8Array {
  const { blockLength, blockBytes } = tensorTypes.Q8_0;
  const bytes = new Uint8Array((values.length / blockLength) * blockBytes);
  const [view, codes] = [new DataView(bytes.buffer), new Int8Array(bytes.buffer)];
  for (let start = 0, at = 0; start < values.length; start += blockLength, at += blockBytes) {
    let largest = 0;
    for (let i = start; i < start + blockLength; i++) largest = Math.max(largest, Math.abs(values[i]));
    const scale = Math.fround(largest / 127);
    const perUnit = scale === 0 ? 0 : Math.fround(1 / scale);
    view.setUint16(at, finiteHalf(scale, name), true);
    for (let i = 0; i < blockLength; i++) {
      codes[at + 2 + i] = roundAway(Math.fround(values[start + i] * perUnit));
    }
  }
  return bytes;
}

const roundAway = (x: number) => (x < 0 ? -Math.round(-x) : Math.round(x));

function finiteHalf(value: number, name: string): number {
  const half = toHalf(value);
  if ((half & 0x7c00) !== 0x7c00) return half;
  throw new GgufError(
    "a weight is too large for float16",
    `${name} needs ${value}; float16 ends at 65504`,
    "export with F32",
  );
}
