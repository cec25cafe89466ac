/** Tensors of ONNX Runtime over arrays of ours, and arrays of ours from its tensors. */
import { type DType, dtypes, type TypedArray } from "../../graph/dtype.js";
import { type DeviceTensor, type HostTensor, RuntimeError } from "../host-tensor.js";
import { type Address, ortApi } from "./api.js";
import { koffi } from "./koffi.js";

/** OrtAllocatorType */
const allocators = { device: 0, arena: 1 };
/** OrtMemTypeDefault */
const defaultMemory = 0;

/** Says to the library which memory is meant, by the name that it has for it, and who gives it out. */
export const memoryNamed = (name: string, allocator: keyof typeof allocators = "device"): Address =>
  ortApi().make("CreateMemoryInfo", name, allocators[allocator], 0, defaultMemory);

const dtypeOf = new Map(Object.entries(dtypes).map(([name, { onnx }]) => [onnx, name as DType]));

let hostMemory: Address | undefined;
const hostInfo = () => (hostMemory ??= memoryNamed("Cpu"));

const made = new WeakMap<object, Address>();
const unused = new FinalizationRegistry<Address>((value) => ortApi().release("Value", value));

/** An empty array has no address. */
const somewhere = new Uint8Array(8);

/** What a `DeviceTensor` of this runtime is to the library. */
export interface NativeTensor extends DeviceTensor {
  readonly value: Address;
  isFreed: boolean;
}

export const isNative = (tensor: HostTensor | DeviceTensor): tensor is NativeTensor => "value" in tensor;

/**
 * A device's tensor, or one over the host's array, not copied; made once for each `HostTensor`, which has to outlive its
 * use. Throws `RuntimeError` for one that was freed.
 */
export function valueOver(tensor: HostTensor | DeviceTensor): Address {
  if (isNative(tensor)) {
    if (!tensor.isFreed) return tensor.value;
    throw new RuntimeError(
      "a device's tensor was used after it had been freed",
      `${tensor.dtype}[${tensor.shape}]`,
      "free a tensor when nobody reads it any more",
    );
  }
  const before = made.get(tensor);
  if (before !== undefined) return before;
  const { data, shape, dtype } = tensor as HostTensor;
  const value = ortApi().make(
    "CreateTensorWithDataAsOrtValue",
    hostInfo(),
    data.byteLength > 0 ? data : somewhere,
    data.byteLength,
    BigInt64Array.from(shape, BigInt),
    shape.length,
    dtypes[dtype].onnx,
  );
  made.set(tensor, value);
  unused.register(tensor, value);
  return value;
}

/** Copies a tensor of the library to the host. */
export function readValue(value: Address): HostTensor {
  const api = ortApi();
  const { dtype, shape } = typeOf(value);
  const { array, bytes } = dtypes[dtype];
  const length = shape.reduce((a, b) => a * b, 1);
  const data = new array(length);
  if (length > 0) {
    const from = koffi.view(api.make("GetTensorMutableData", value), length * bytes);
    new Uint8Array(data.buffer).set(new Uint8Array(from));
  }
  return { dtype, shape, data: data as TypedArray };
}

function typeOf(value: Address): { dtype: DType; shape: number[] } {
  const api = ortApi();
  const info = api.make("GetTensorTypeAndShape", value);
  const [type, rank] = [new Int32Array(1), new BigUint64Array(1)];
  api.call("GetTensorElementType", info, type);
  api.call("GetDimensionsCount", info, rank);
  const sizes = new BigInt64Array(Number(rank[0]));
  if (sizes.length > 0) api.call("GetDimensions", info, sizes, sizes.length);
  api.release("TensorTypeAndShapeInfo", info);
  return { dtype: dtypeOf.get(type[0])!, shape: Array.from(sizes, Number) };
}
