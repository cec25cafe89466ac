import { input } from "../core/graph/tensor.js";
import { matmul } from "../core/ops/matmul.js";
import { nodeRuntime } from "../core/runtime/node.js";
import { compile, type Device, hostTensor } from "../core/runtime/session.js";

/** Whether a device computed a small product rightly; `problem` says why not, and `advice` what it wants. */
export interface DeviceCheck {
  readonly device: Device;
  readonly works: boolean;
  readonly problem?: string;
  readonly advice?: string;
}

/** What devices want that are no part of the system. */
const advice: Partial<Record<Device, string>> = {
  webgpu: "it wants a driver of the GPU; on Linux one for Vulkan, and libvulkan1",
  cuda: "it wants CUDA 12, cuDNN 9 and ONNX Runtime's files for it: see docs/devices.md",
};

/** Squares a small matrix on the device and checks the result. */
export async function tryDevice(device: Device): Promise<DeviceCheck> {
  try {
    const x = input("x", "float32", [2, 2]);
    const session = await compile(nodeRuntime, { y: matmul(x, x) }, { device });
    const { y } = await session.run({ x: hostTensor("float32", [2, 2], Float32Array.of(1, 2, 3, 4)) });
    await session.release();
    const works = String(y.data) === "7,10,15,22";
    return works ? { device, works } : { device, works, problem: `wrong numbers: ${y.data}` };
  } catch (error) {
    return { device, works: false, problem: lastSentence(error as Error), advice: advice[device] };
  }
}

/** The part of ONNX Runtime's message that a person can use. */
function lastSentence({ message, cause }: Error): string {
  const text = cause instanceof Error ? cause.message : message;
  return (
    text
      .trim()
      .split("\n")[0]
      .split(/ was false\. |\) /)
      .at(-1) ?? text
  );
}
