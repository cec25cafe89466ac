/** Measures what was chosen, one thing after the other, so that none disturbs another. */
import { nodeRuntime } from "../core/runtime/node.js";
import { measurePeak } from "../core/runtime/peak.js";
import type { Device } from "../core/runtime/session.js";
import type { BenchPart, BenchReport, BenchSection, BenchSurroundings, Workload } from "./bench.js";
import { hasBfloat16 } from "./forms.js";
import { benchTraining, type TrainingResult } from "./training.js";
import { findTorch, installTorch, leastYardstickGflops } from "./yardstick.js";

export interface TrainingMeasured {
  /** PyTorch's version, absent when it was not measured. */
  readonly torch?: string;
  /** Where it was measured. */
  readonly device: Device;
  /** Best rate of a matrix product in our runtime, there. */
  readonly peakGflops: number;
  readonly training: readonly TrainingResult[];
}

export interface MeasureOptions {
  /** Python to look for PyTorch in; without it only ours is measured. */
  readonly python?: string;
  /** Measured steps instead of each workload's own number. */
  readonly steps?: number;
  /** Default: the CPU. */
  readonly device?: Device;
}

/** Measures training steps. Throws `BenchError` when a side breaks off. */
export async function measureTraining(
  workloads: readonly Workload[],
  { python, steps, device = "cpu" }: MeasureOptions,
  around: BenchSurroundings,
): Promise<TrainingMeasured> {
  const torch =
    python && workloads.some(({ yardstick }) => yardstick) ? await versionIn(python, around) : undefined;
  const bfloat16 = device !== "cpu" || (await hasBfloat16());
  const peakThere = () => measurePeak(nodeRuntime, { device });
  const peak = [await peakThere()];
  const training: TrainingResult[] = [];
  for (const workload of workloads) {
    around.announce(`training step: ${workload.shape}`);
    const measured = await benchTraining(workload, { python: torch && python, steps, bfloat16, device });
    if (bfloat16 && measured.pytorch && !measured.bfloat16) {
      around.warn(`PyTorch's loss in bfloat16 is no number (${workload.shape}): it is left out`);
    }
    training.push(measured);
    peak.push(await peakThere());
  }
  if (training.some(({ pytorch }) => pytorch && pytorch.gemmGflops < leastYardstickGflops)) {
    around.warn(`PyTorch runs on the reference BLAS, which says nothing: ${installTorch}`);
  }
  // The best of several moments: a machine that was busy at one of them has not become slower.
  return { torch, device, peakGflops: Math.max(...peak), training };
}

async function versionIn(python: string, { warn }: BenchSurroundings): Promise<string | undefined> {
  const found = await findTorch(python);
  if ("version" in found) return found.version;
  warn(`${python} has no PyTorch to compare with: ${installTorch}`);
  return undefined;
}

/** Measures the wanted parts of sections and puts their reports together. Throws `BenchError` when one breaks off. */
export async function measureSections(
  sections: readonly BenchSection[],
  isWanted: (part: BenchPart) => boolean,
  around: BenchSurroundings,
): Promise<Required<BenchReport>> {
  const reports: BenchReport[] = [];
  for (const section of sections) {
    const names = section.parts.filter(isWanted).map(({ name }) => name);
    if (names.length > 0) reports.push(await section.measure(names, around));
    else reports.push({ results: section.unmeasured ?? {}, tables: [] });
  }
  return {
    results: Object.assign({}, ...reports.map(({ results }) => results)),
    tables: reports.flatMap(({ tables }) => tables),
    versions: Object.assign({}, ...reports.map(({ versions }) => versions)),
  };
}
