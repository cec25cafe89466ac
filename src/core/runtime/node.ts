import type { Kernels } from "../graph/op.js";
import { cpuKernels } from "./cpu-kernels.js";
import { nativeMemory } from "./native/memory.js";
import { builtDevices, loadNative } from "./native/session.js";
import type { Runtime } from "./session.js";

/**
 * Operators changed later run on the CPU, in and out of the device's memory. Seen by running every family of models and
 * reading where each node ran (1.30).
 */
const webgpuKernels: Kernels = {
  opset: 21,
  lacks: new Set([
    ...["Cos", "HardSigmoid", "LogSoftmax", "RMSNormalization", "RotaryEmbedding", "Sign", "Sin"],
    "ConvTranspose, one channel a group", // several in, one out: its numbers are wrong
  ]),
};

/** ONNX Runtime's native build in Node. */
export const nodeRuntime: Runtime = {
  devices: builtDevices,
  kernels: async (device) => (device === "cpu" ? cpuKernels() : device === "webgpu" ? webgpuKernels : {}),
  memory: nativeMemory,
  load: loadNative,
};
