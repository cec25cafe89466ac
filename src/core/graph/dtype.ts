/** Element types of tensors, by their ONNX names. */
export type DType = "float32" | "float64" | "float16" | "int64" | "int32" | "uint8" | "int8" | "bool";

export type TypedArray =
  | Float32Array
  | Float64Array
  | Uint16Array
  | BigInt64Array
  | Int32Array
  | Uint8Array
  | Int8Array;

/** ONNX's number for the type (TensorProto.DataType), bytes an element, and the array that holds it. */
export const dtypes: Record<
  DType,
  { onnx: number; bytes: number; array: new (length: number) => TypedArray; float: boolean }
> = {
  float32: { onnx: 1, bytes: 4, array: Float32Array, float: true },
  float64: { onnx: 11, bytes: 8, array: Float64Array, float: true },
  float16: { onnx: 10, bytes: 2, array: Uint16Array, float: true },
  int64: { onnx: 7, bytes: 8, array: BigInt64Array, float: false },
  int32: { onnx: 6, bytes: 4, array: Int32Array, float: false },
  uint8: { onnx: 2, bytes: 1, array: Uint8Array, float: false },
  int8: { onnx: 3, bytes: 1, array: Int8Array, float: false },
  bool: { onnx: 9, bytes: 1, array: Uint8Array, float: false },
};

/** A typed array of `dtype` from plain numbers. float16 is rounded to nearest even. */
export function typedArray(dtype: DType, values: ArrayLike<number>): TypedArray {
  if (dtype === "int64") return BigInt64Array.from(Array.from(values, (v) => BigInt(v)));
  if (dtype === "float16") return Uint16Array.from(Array.from(values, toHalf));
  const array = new dtypes[dtype].array(values.length) as Float32Array;
  array.set(values);
  return array;
}

const word = new Float32Array(1);
const bits = new Uint32Array(word.buffer);

/** The IEEE 754 binary16 bits of a number, rounded to nearest even. */
export function toHalf(value: number): number {
  word[0] = value;
  const sign = (bits[0] >>> 16) & 0x8000;
  const magnitude = bits[0] & 0x7fffffff;
  if (magnitude > 0x7f800000) return sign | 0x7e00; // NaN
  if (magnitude >= 0x477ff000) return sign | 0x7c00; // rounds to infinity
  if (magnitude < 0x38800000) {
    return sign | roundHalfEven(Math.abs(word[0]) * 2 ** 24); // subnormal: units of 2^-24
  }
  const rounded = magnitude + 0xfff + ((magnitude >>> 13) & 1);
  return sign | ((rounded - 0x38000000) >>> 13);
}

/** The number that IEEE 754 binary16 bits stand for. */
export function fromHalf(half: number): number {
  const sign = half & 0x8000 ? -1 : 1;
  const exponent = (half >>> 10) & 31;
  const fraction = half & 1023;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction ? Number.NaN : sign * Number.POSITIVE_INFINITY;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

function roundHalfEven(x: number): number {
  const floor = Math.floor(x);
  const rest = x - floor;
  return rest > 0.5 || (rest === 0.5 && floor % 2 === 1) ? floor + 1 : floor;
}
