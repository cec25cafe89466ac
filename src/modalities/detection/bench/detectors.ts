/** The detectors that `bench` trains: the recipe's. */
import type { Workload } from "../../../bench/bench.js";
import { besides, yardstick } from "../../../bench/scripts.js";

export interface BenchDetector {
  /** What `--only` calls it. */
  readonly name: string;
  readonly batchSize: number;
  /** Of pictures, in pixels. */
  readonly height: number;
  readonly width: number;
  /** Measured steps of each side, after one to warm up. */
  readonly steps: number;
}

/** As the yardstick has it. */
export const numClasses = 3;

export const benchDetectors: readonly BenchDetector[] = [
  { name: "detector", batchSize: 8, height: 240, width: 320, steps: 5 },
];

/** The detector as `benchTraining` takes it. */
export function detectorTraining({ name, batchSize, height, width, steps }: BenchDetector): Workload {
  return {
    name,
    shape: `dense detector, stride 8, ${batchSize} x 3 x ${height} x ${width}`,
    unit: "images",
    unitsPerStep: batchSize,
    stepsPerTurn: 1,
    steps,
    worker: besides("training-worker", import.meta.url),
    yardstick: yardstick("pytorch_detector"),
    // In the order that the worker and the yardstick take them in.
    args: [batchSize, height, width].map(String),
  };
}
