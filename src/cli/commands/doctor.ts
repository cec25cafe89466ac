/** `autodidact doctor`: what this machine has, each thing really tried. */
import { statfs } from "node:fs/promises";
import { Command } from "commander";
import { besides } from "../../bench/scripts.js";
import { BenchError, startScript } from "../../bench/side-process.js";
import { defaultPython, findTorch, installTorch, type Torch } from "../../bench/yardstick.js";
import { nodeRuntime } from "../../core/runtime/node.js";
import { measureBandwidth, measurePeak } from "../../core/runtime/peak.js";
import type { Device } from "../../core/runtime/session.js";
import { describeMachine, type Machine } from "../machine.js";
import { formatBytes } from "../terminal/format.js";
import { type DeviceCheck, tryDevice } from "../try-device.js";

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
  for (const device of nodeRuntime.devices())
    devices.push(await (device === "cpu" ? tryDevice : tryApart)(device));
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

/** The device tried apart from this process, which a driver could end. */
async function tryApart(device: Device): Promise<DeviceCheck> {
  try {
    const { ready, stop } = await startScript<DeviceCheck>(besides("../device-worker", import.meta.url), [
      device,
    ]);
    stop();
    return ready;
  } catch (error) {
    if (!(error instanceof BenchError)) throw error;
    return { device, works: false, problem: "its driver ended the process" };
  }
}

function report({ machine, devices, torch, ...measured }: Diagnosis): string {
  const { versions } = machine;
  const { gemmGflops, memoryGigabytesPerSecond: bandwidth, freeDiskBytes } = measured;
  const state = ({ works, problem, advice }: DeviceCheck) =>
    works ? "works" : `does not work: ${[problem, advice].filter(Boolean).join("; ")}`;
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
