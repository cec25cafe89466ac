/** `autodidact doctor`: what this machine has, each thing really tried. */
import { statfs } from "node:fs/promises";
import { Command } from "commander";
import { defaultPython, findTorch, installTorch, type Torch } from "../../bench/yardstick.js";
import { input } from "../../core/graph/tensor.js";
import { matmul } from "../../core/ops/matmul.js";
import { nodeRuntime } from "../../core/runtime/node.js";
import { measureBandwidth, measurePeak } from "../../core/runtime/peak.js";
import { compile, type Device, hostTensor } from "../../core/runtime/session.js";
import { describeMachine, type Machine } from "../machine.js";
import { formatBytes } from "../terminal/format.js";

/** Whether a device computed a small product rightly; `problem` says why not. */
export interface DeviceCheck {
  readonly device: Device;
  readonly works: boolean;
  readonly problem?: string;
}

export interface Diagnosis {
  readonly machine: Machine;
  readonly devices: readonly DeviceCheck[];
  /** Best rate of a float32 matrix product on the CPU; absent when the CPU does not work. */
  readonly gemmGflops?: number;
  readonly memoryGigabytesPerSecond?: number;
  readonly freeDiskBytes: number;
  readonly torch: Torch;
}

/** The command; the exit code is 0 only when training can run on the CPU. */
export function doctorCommand(): Command {
  return new Command("doctor")
    .description("show versions, devices that work, speed of this machine, and what is missing")
    .option("--python <path>", "Python to look for PyTorch in", defaultPython)
    .option("--json", "print JSON")
    .addHelpText("after", "\nExample:\n  $ autodidact doctor --json")
    .action(async ({ python, json }: { python: string; json?: boolean }) => {
      const diagnosis = await diagnose(python);
      process.stdout.write(`${json ? JSON.stringify(diagnosis, undefined, 2) : report(diagnosis)}\n`);
      if (!cpuWorks(diagnosis)) process.exitCode = 1;
    });
}

const cpuWorks = ({ devices }: Pick<Diagnosis, "devices">) =>
  devices.some(({ device, works }) => device === "cpu" && works);

async function diagnose(python: string): Promise<Diagnosis> {
  const devices: DeviceCheck[] = [];
  for (const device of nodeRuntime.devices()) devices.push(await tryDevice(device));
  const rates = cpuWorks({ devices })
    ? {
        gemmGflops: await measurePeak(nodeRuntime),
        memoryGigabytesPerSecond: await measureBandwidth(nodeRuntime),
      }
    : {};
  const { bavail, bsize } = await statfs(".");
  return {
    machine: describeMachine(),
    devices,
    ...rates,
    freeDiskBytes: bavail * bsize,
    torch: await findTorch(python),
  };
}

/** Squares a small matrix on the device and checks the result. */
async function tryDevice(device: Device): Promise<DeviceCheck> {
  try {
    const x = input("x", "float32", [2, 2]);
    const session = await compile(nodeRuntime, { y: matmul(x, x) }, { device });
    const { y } = await session.run({ x: hostTensor("float32", [2, 2], Float32Array.of(1, 2, 3, 4)) });
    await session.release();
    const works = String(y.data) === "7,10,15,22";
    return works ? { device, works } : { device, works, problem: `wrong numbers: ${y.data}` };
  } catch (error) {
    return { device, works: false, problem: lastSentence(error as Error) };
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

function report({ machine, devices, torch, ...measured }: Diagnosis): string {
  const { versions } = machine;
  const { gemmGflops, memoryGigabytesPerSecond: bandwidth, freeDiskBytes } = measured;
  const state = ({ works, problem }: DeviceCheck) => (works ? "works" : `does not work: ${problem}`);
  const rows: [string, string][] = [
    ["autodidact", versions.autodidact],
    ["Node", versions.node],
    ["ONNX Runtime", versions.onnxruntime],
    ["system", machine.platform],
    ["processor", `${machine.cpu}, ${machine.cores} cores`],
    ["memory", `${formatBytes(machine.memoryBytes)}, ${formatBytes(machine.freeMemoryBytes)} free`],
    ["disk", `${formatBytes(freeDiskBytes)} free here`],
    ...devices.map((check): [string, string] => [`device ${check.device}`, state(check)]),
    ["matrix product", gemmGflops === undefined ? "not measured" : `${gemmGflops.toFixed(0)} GFLOP/s`],
    ["memory speed", bandwidth === undefined ? "not measured" : `${bandwidth.toFixed(1)} GB/s`],
    [
      "PyTorch",
      "version" in torch
        ? `${torch.version}, for bench`
        : `not found (${torch.missing}); only bench wants it: ${installTorch}`,
    ],
  ];
  const width = Math.max(...rows.map(([name]) => name.length));
  return rows.map(([name, value]) => `${name.padEnd(width)}  ${value}`).join("\n");
}
