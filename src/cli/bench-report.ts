/** The benchmark's result and its Markdown. */
import type { BenchReport } from "../bench/bench.js";
import type { TrainingMeasured } from "../bench/measure.js";
import { trainingTables } from "../bench/training-table.js";
import type { Machine } from "./machine.js";
import { formatBytes } from "./terminal/format.js";

export interface BenchResult extends TrainingMeasured {
  /** ISO 8601. */
  readonly date: string;
  readonly machine: Machine;
  readonly warnings: readonly string[];
  /** What sections found, by the names that they give it. */
  readonly [section: string]: unknown;
}

/** The result as Markdown, to be pasted, with the tables of the sections and the versions that they name. */
export function markdown(
  { date, machine, torch, device, peakGflops, training, warnings }: BenchResult,
  { tables, versions }: Omit<BenchReport, "results">,
): string {
  const { autodidact, node, onnxruntime } = machine.versions;
  const own = { autodidact, Node: node, "ONNX Runtime": onnxruntime };
  const programs = { ...own, ...(torch && { PyTorch: torch }), ...versions };
  const named = Object.entries(programs).map(([name, version]) => `${name} ${version}`);
  return [
    `${date.slice(0, 10)}, ${machine.cpu}, ${machine.cores} cores, ` +
      `${formatBytes(machine.memoryBytes)} memory, ${machine.platform}  \n` +
      `${named.join(", ")}; ${device}: a matrix product reaches ${peakGflops.toFixed(0)} GFLOP/s`,
    ...warnings.map((warning) => `**Warning:** ${warning}`),
    ...trainingTables(training, peakGflops),
    ...tables,
  ].join("\n\n");
}
