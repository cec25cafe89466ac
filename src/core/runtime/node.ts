import { cpuKernels } from "./cpu-kernels.js";
import { nativeMemory } from "./native/memory.js";
import { builtDevices, loadNative } from "./native/session.js";
import type { Runtime } from "./session.js";

/** ONNX Runtime's native build in Node. */
export const nodeRuntime: Runtime = {
  devices: builtDevices,
  kernels: async (device) => (device === "cpu" ? cpuKernels() : {}),
  memory: nativeMemory,
  load: loadNative,
};
