import { formatBytes, formatCount, formatShare } from "../core/quantities.js";
import { speed, spread, table } from "./table.js";
import type { TrainingResult } from "./training.js";

/** A table for each unit that speeds count, in the order in which the units come. */
export function trainingTables(results: readonly TrainingResult[], peakGflops: number): string[] {
  const units = [...new Set(results.map(({ unit }) => unit))];
  return units.map((unit) => {
    const counted = results.filter((result) => result.unit === unit);
    return trainingTable(unit, counted, peakGflops);
  });
}

function trainingTable(unit: string, results: readonly TrainingResult[], peakGflops: number): string {
  const knowsOperations = results.some(({ gflops }) => gflops !== undefined);
  const rows = results.map(({ shape, parameters, ours, gflops, pytorch, ratio }) => [
    `${shape} (${formatCount(parameters)})`,
    speed(ours.unitsPerSecond),
    pytorch ? speed(pytorch.unitsPerSecond) : "-",
    spread(ratio),
    ...(knowsOperations ? ratesOf(gflops, peakGflops) : []),
    formatBytes(ours.peakBytes),
    pytorch ? formatBytes(pytorch.peakBytes) : "-",
  ]);
  const speeds = [`${unit}/s`, `PyTorch ${unit}/s`, "ratio (min..max)"];
  const rates = knowsOperations ? ["GFLOP/s", "of peak"] : [];
  const heads = [`a training step on ${unit}, float32, AdamW`, ...speeds, ...rates];
  return table([...heads, "peak memory", "PyTorch's"], rows);
}

const ratesOf = (gflops: number | undefined, peakGflops: number): string[] =>
  gflops === undefined ? ["-", "-"] : [gflops.toFixed(0), formatShare(gflops / peakGflops)];
