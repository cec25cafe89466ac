/** Tensors that stay on a device between runs. */
import { type DType, dtypes } from "../../graph/dtype.js";
import { type DeviceMemory, type DeviceTensor, type HostTensor, RuntimeError } from "../host-tensor.js";
import type { Device, Session } from "../session.js";
import { type Address, ortApi } from "./api.js";
import { bareModel, ofType } from "./bare-model.js";
import { loadNative } from "./session.js";
import { inTurn } from "./turns.js";
import { memoryNamed, type NativeTensor } from "./values.js";

/** What the library calls the memory of devices that can keep tensors. */
const names: Partial<Record<Device, string>> = { webgpu: "WebGPU_Buf", cuda: "Cuda" };

const opened = new Map<Device, Promise<DeviceMemory>>();

/** A device's memory; undefined where tensors are kept on the host. Throws `RuntimeError` where the device is missing. */
export async function nativeMemory(device: Device): Promise<DeviceMemory | undefined> {
  const name = names[device];
  if (!name) return undefined;
  const before = opened.get(device);
  if (before) return before;
  const memory = open(device, name);
  opened.set(device, memory);
  memory.catch(() => opened.delete(device));
  return memory;
}

async function open(device: Device, name: string): Promise<DeviceMemory> {
  const api = ortApi();
  const session = await loadNative(copying("float32"), ["y"], { device });
  const info = memoryNamed(name);
  const allocator = await inTurn(device, () => api.make("CreateAllocator", session.address, info));
  // A copy is the run of a graph that does nothing: the runtime brings values to where they are asked for.
  const copies = new Map<DType, Promise<Session>>([["float32", Promise.resolve(session)]]);
  const copy = async (from: HostTensor | DeviceTensor, to: HostTensor | DeviceTensor) => {
    let copier = copies.get(from.dtype);
    if (!copier) {
      copier = loadNative(copying(from.dtype), ["y"], { device });
      copies.set(from.dtype, copier);
    }
    try {
      await (await copier).run({ x: from }, { y: to });
    } catch (cause) {
      throw new RuntimeError(
        "a device's memory could not be read or written",
        `${device}, ${from.dtype}[${from.shape}]: ${(cause as Error).message}`,
        "choose a smaller model or batch, or the CPU",
        { cause },
      );
    }
  };
  const release = (value: Address) => void inTurn(device, () => api.release("Value", value));
  const forgotten = new FinalizationRegistry(release);
  return {
    async allocate(dtype, shape) {
      const sizes = BigInt64Array.from(shape, BigInt);
      const { onnx } = dtypes[dtype];
      const value = await inTurn(device, () =>
        api.make("CreateTensorAsOrtValue", allocator, sizes, shape.length, onnx),
      );
      const tensor: NativeTensor = {
        dtype,
        shape,
        value,
        isFreed: false,
        read: async (into) => copy(tensor, fitting(into, tensor)),
        write: async (from) => copy(fitting(from, tensor), tensor),
        free() {
          if (forgotten.unregister(tensor)) release(value);
          tensor.isFreed = true;
        },
      };
      forgotten.register(tensor, value, tensor);
      return tensor;
    },
  };
}

function fitting(host: HostTensor, { dtype, shape }: DeviceTensor): HostTensor {
  if (host.dtype === dtype && String(host.shape) === String(shape)) return host;
  throw new RuntimeError(
    "a tensor on a device and one on the host are not alike",
    `${dtype}[${shape}] there, ${host.dtype}[${host.shape}] here`,
    "copy between tensors of one type and shape",
  );
}

/** y = x, of any shape. */
function copying(dtype: DType): Uint8Array<ArrayBuffer> {
  const { onnx } = dtypes[dtype];
  return bareModel({
    node: [{ opType: "Identity", input: ["x"], output: ["y"] }],
    input: [ofType("x", onnx)],
    output: [ofType("y", onnx)],
  });
}
