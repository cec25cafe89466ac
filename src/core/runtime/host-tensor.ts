import { AutodidactError } from "../errors.js";
import { type DType, dtypes, type TypedArray } from "../graph/dtype.js";

/** What this machine cannot run, or a run that failed. */
export class RuntimeError extends AutodidactError {}

/** Values on the host, with their shape. */
export interface HostTensor {
  readonly dtype: DType;
  readonly shape: readonly number[];
  readonly data: TypedArray;
}

/** Values that stay on a device, with their shape: sessions there read and write them where they lie. */
export interface DeviceTensor {
  readonly dtype: DType;
  readonly shape: readonly number[];
  /** Copies them to the host. */
  read(into: HostTensor): Promise<void>;
  /** Copies them from the host. */
  write(from: HostTensor): Promise<void>;
  /** Gives the memory back, as happens by itself to one that nobody has any more; not to be used again. */
  free(): void;
}

/** The memory of a device. */
export interface DeviceMemory {
  /** Values that nobody has written yet. Throws `RuntimeError` where there is no room. */
  allocate(dtype: DType, shape: readonly number[]): Promise<DeviceTensor>;
}

/** A host tensor of zeros, or over given data. Throws `RuntimeError` when the data do not fill the shape. */
export function hostTensor(dtype: DType, shape: readonly number[], data?: TypedArray): HostTensor {
  const size = shape.reduce((a, b) => a * b, 1);
  const values = data ?? new dtypes[dtype].array(size);
  if (values.length !== size || !(values instanceof dtypes[dtype].array)) {
    throw new RuntimeError(
      "data do not fit their tensor",
      `${values.constructor.name}(${values.length}) for ${dtype}[${shape.join(", ")}]`,
      `give a ${dtypes[dtype].array.name} of ${size}`,
    );
  }
  return { dtype, shape, data: values };
}

/** An int64 tensor from 32-bit numbers: ids, positions, labels. */
export function int64Tensor(values: Int32Array, shape: readonly number[]): HostTensor {
  const data = new BigInt64Array(values.length);
  const words = new Int32Array(data.buffer);
  for (let i = 0; i < values.length; i++) {
    words[2 * i] = values[i];
    words[2 * i + 1] = values[i] >> 31;
  }
  return hostTensor("int64", shape, data);
}
