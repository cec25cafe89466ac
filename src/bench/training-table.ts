import { formatBytes, formatCount, formatShare } from "../core/quantities.js";
import { speed, spread, table } from "./table.js";
import type { TrainingResult, Yardstick } from "./training.js";

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
  const rows = results.flatMap((result) => {
    const { shape, parameters, ours, gflops, int8, pytorch, bfloat16, ratio, int8Ratio } = result;
    const ratesOf = (rate?: number) => (knowsOperations ? operations(rate, peakGflops) : []);
    const theirs = (side: Yardstick) => `${speed(side.unitsPerSecond)} (${side.form})`;
    const row = [
      `${shape} (${formatCount(parameters)})`,
      speed(ours.unitsPerSecond),
      pytorch ? theirs(pytorch) : "-",
      spread(ratio),
      ...ratesOf(gflops),
      formatBytes(ours.peakBytes),
      pytorch ? formatBytes(pytorch.peakBytes) : "-",
    ];
    const inInt8 = int8 && [
      `in int8: ${spread(int8.overFloat32)} times float32`,
      ...[speed(int8.unitsPerSecond), "", spread(int8Ratio), ...ratesOf(int8.gflops)],
      ...[formatBytes(int8.peakBytes), ""],
    ];
    const half = bfloat16 && [
      "PyTorch in bfloat16",
      ...["", theirs(bfloat16), "", ...(knowsOperations ? ["", ""] : [])],
      ...["", formatBytes(bfloat16.peakBytes)],
    ];
    return [row, inInt8, half].filter((cells) => cells !== undefined);
  });
  const speeds = [`${unit}/s`, `PyTorch ${unit}/s`, "ratio (min..max)"];
  const rates = knowsOperations ? ["GFLOP/s", "of peak"] : [];
  const heads = [`a training step on ${unit}, float32, AdamW`, ...speeds, ...rates];
  return table([...heads, "peak memory", "PyTorch's"], rows);
}

const operations = (gflops: number | undefined, peakGflops: number): string[] =>
  gflops === undefined ? ["-", "-"] : [gflops.toFixed(0), formatShare(gflops / peakGflops)];
